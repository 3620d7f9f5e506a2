"""Searches that found nothing: the kept fields, their retention, and the answers of staff."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from calcsite.tests import people
from calcsite.tests.racing import at_once
from conditions import search
from conditions.editing import answering
from conditions.editing.answering import UserFacingError
from conditions.models import Alias, Condition, EmptySearch, PageEvent
from conditions.search import empty
from conditions.tests.factories import make_condition, make_live

TODAY = date(2026, 11, 21)
XSS = "<img src=x onerror=alert(1)>"

in_database = pytest.mark.django_db


def kept() -> dict[str, int]:
    return dict(EmptySearch.objects.order_by("query").values_list("query", "count"))


def make_search(query: str = "chalk knee", **fields) -> EmptySearch:
    return EmptySearch.objects.create(**{"query": query, "first_on": TODAY, "last_on": TODAY} | fields)


def address(step: str, row: EmptySearch) -> str:
    return reverse(f"admin:conditions_emptysearch_{step}", args=[row.pk])


@pytest.fixture
def editor(db):
    return people.make_person("Editor")


@pytest.fixture
def editor_client(editor) -> Client:
    client = Client()
    people.sign_in(client, editor)
    return client


# Counting


@in_database
def test_equal_searches_are_counted_together_with_their_first_and_last_day():
    search.note_empty("Chalk  knee!", TODAY)
    search.note_empty("chalk KNÉE", TODAY + timedelta(days=3))
    row = EmptySearch.objects.get()
    assert (row.query, row.count, row.first_on, row.last_on) == ("chalk knee", 2, TODAY, TODAY + timedelta(days=3))


@in_database
def test_only_a_search_page_that_finds_nothing_is_counted(client):
    make_live(name="Gout")
    for query in ("chalk knee", "gout", "", "?"):
        client.get(reverse("conditions:search"), {"q": query})
    assert kept() == {"chalk knee": 1}


@in_database
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?!",
        "1234",
        "ann@clinic.example",
        "ann at 01632 960123",
        "born 12.03.1960",
        "nhs 943 476 5919",
        "٠١٢٣٤ knee",
        "my name is ann and I hurt",
        "x" * 61,
    ],
)
def test_an_identifying_or_odd_search_is_not_kept(query):
    search.note_empty(query, TODAY)
    assert kept() == {}


@in_database
@pytest.mark.parametrize("query", ["vitamin d3", "knee 2026", "one two three four five six", "x" * 60, "zażółć"])
def test_a_possible_subject_of_a_page_is_kept(query):
    search.note_empty(query, TODAY)
    assert len(kept()) == 1


@in_database
def test_a_handled_search_is_open_again_when_it_is_made_again(editor):
    make_search(handled_on=TODAY, handled_by=editor)
    assert not EmptySearch.objects.open().exists()
    search.note_empty("chalk knee", TODAY)
    row = EmptySearch.objects.open().get()
    assert (row.count, row.handled_on, row.handled_by) == (2, None, None)


@in_database
def test_when_5000_different_searches_are_kept_only_those_are_counted_further():
    rows = [
        EmptySearch(query=f"words {number}", first_on=TODAY, last_on=TODAY) for number in range(empty.MAX_ROWS - 1)
    ]
    EmptySearch.objects.bulk_create(rows)
    for query in ("the last", "one too many", "words 7"):
        search.note_empty(query, TODAY)
    assert EmptySearch.objects.count() == empty.MAX_ROWS
    assert not EmptySearch.objects.filter(query="one too many").exists()
    assert EmptySearch.objects.get(query="words 7").count == 2


@in_database
def test_a_search_does_not_fail_because_it_cannot_be_counted(client, caplog):
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE conditions_emptysearch")
    search.note_empty("chalk knee", TODAY)
    assert "could not be counted" in caplog.text
    # The transaction that the search was in goes on.
    assert Condition.objects.count() == 0


@in_database
def test_a_search_last_made_half_a_year_ago_is_deleted():
    make_search("old", last_on=TODAY - timedelta(days=181))
    make_search("kept", last_on=TODAY - timedelta(days=180))
    assert search.forget_old_empty(TODAY) == 1
    assert kept() == {"kept": 1}


def test_searches_at_once_are_all_counted(committed):
    at_once(*[lambda: search.note_empty("chalk knee", TODAY)] * 8)
    assert kept() == {"chalk knee": 8}


def test_looked_up_first_and_counted_later_some_would_be_lost(committed):
    """The control: the same with a look at the count before the change."""
    make_search(count=0)

    def look_and_change() -> None:
        row = EmptySearch.objects.get()
        both_have_looked.wait(timeout=30)
        EmptySearch.objects.update(count=row.count + 1)

    both_have_looked = threading.Barrier(2)
    at_once(look_and_change, look_and_change)
    assert kept() == {"chalk knee": 1}


# Answering


@in_database
def test_another_name_changes_the_working_copy_and_closes_the_search(editor):
    condition, row = make_live(name="Gout"), make_search()
    answering.add_name(search=row, condition=condition, name=" Chalk  knee ", by=editor)
    assert list(condition.aliases.values_list("name", flat=True)) == ["Chalk knee"]
    assert list(Condition.objects.ahead_of_live()) == [condition]
    event = PageEvent.objects.of_page(condition).writing().get()
    assert (event.by, event.why) == (editor, "Other name: Chalk knee")
    row.refresh_from_db()
    assert row.handled_by == editor
    assert not search.find("chalk").hits


@in_database
@pytest.mark.parametrize("name", ["Chalk knee", "gout"])
def test_a_name_that_the_page_has_is_refused_and_changes_nothing(editor, name):
    condition, row = make_condition(name="Gout", aliases=["Chalk knee"]), make_search()
    with pytest.raises(UserFacingError, match="already"):
        answering.add_name(search=row, condition=condition, name=name, by=editor)
    assert Alias.objects.count() == 1
    assert not PageEvent.objects.exists()
    assert EmptySearch.objects.open().exists()


@in_database
def test_the_likeliest_pages_are_offered_first():
    for name in ("Aortic plaque", "Calcified lesions", "Brain calcification"):
        make_condition(name=name)
    assert answering.likely_pages("brain calcifcation")[0].name == "Brain calcification"


@in_database
def test_the_form_offers_pages_and_finds_others_by_any_of_their_names(editor_client):
    make_condition(name="Gout", aliases=["Podagra"])
    make_condition(name="Kidney stones")
    row = make_search("gowt")
    page = editor_client.get(address("act", row)).content.decode()
    assert page.index(">Gout</label>") < page.index(">Kidney stones</label>")
    page = editor_client.get(address("act", row), {"q": "podag"}).content.decode()
    assert (">Gout</label>" in page, ">Kidney stones</label>" in page) == (True, False)
    assert "No page has “nowhere”" in editor_client.get(address("act", row), {"q": "nowhere"}).content.decode()


@in_database
def test_an_editor_makes_a_search_another_name_of_a_page(editor_client):
    condition, row = make_condition(name="Gout"), make_search()
    answer = editor_client.post(address("name", row), {"condition": condition.pk, "name": "Chalk knee"})
    assert answer.url == reverse("admin:conditions_condition_change", args=[condition.pk])
    assert condition.aliases.get().name == "Chalk knee"


@in_database
@pytest.mark.parametrize("fields", [{}, {"name": "Chalk"}, {"name": "Gout", "condition": "Gout"}, {"condition": "x"}])
def test_an_incomplete_form_names_the_missing_field(editor_client, fields):
    gout = make_condition(name="Gout")
    if fields.get("condition") == "Gout":
        fields = fields | {"condition": gout.pk}
    page = editor_client.post(address("name", make_search()), fields)
    assert page.status_code == 200
    assert 'class="errorlist' in page.content.decode()
    assert not Alias.objects.exists()


@in_database
def test_an_editor_begins_a_question_on_a_page_and_the_form_is_filled_in(editor_client, editor):
    condition, row = make_condition(name="Gout"), make_search()
    answer = editor_client.post(address("question", row), {"about": "page", "condition": condition.pk})
    form = editor_client.get(answer.url).content.decode()
    assert 'value="Chalk knee?"' in form
    assert f'<option value="{condition.pk}" selected>Gout</option>' in form
    row.refresh_from_db()
    assert row.handled_by is None
    sent = {"question": "Chalk knee?", "answer": "<p>It may be.</p>", "condition": condition.pk, "position": 10}
    assert editor_client.post(answer.url, sent).status_code == 302
    row.refresh_from_db()
    assert row.handled_by == editor


@in_database
def test_a_question_on_no_page_is_asked_for_its_page(editor_client):
    make_condition()
    row = make_search()
    assert "Choose a page." in editor_client.post(address("question", row), {"about": "page"}).content.decode()
    assert EmptySearch.objects.open().exists()


@in_database
def test_a_question_about_the_service_needs_the_permission_to_publish(editor_client, admin_client):
    row = make_search()
    assert "about the service" not in editor_client.get(address("act", row)).content.decode()
    assert editor_client.post(address("question", row)).status_code == 403
    assert EmptySearch.objects.open().exists()
    assert "about the service" in admin_client.get(address("act", row)).content.decode()
    assert (
        admin_client.post(address("question", row)).url
        == f"/admin/conditions/faq/add/?question=Chalk+knee%3F&search={row.pk}"
    )


@in_database
def test_a_search_that_needs_nothing_is_taken_off_the_list_by_name(editor_client, editor):
    row = make_search()
    assert editor_client.post(address("nothing", row)).url == reverse("admin:conditions_report", args=["searches"])
    row.refresh_from_db()
    assert row.handled_by == editor
    assert f"by {editor}" in editor_client.get(address("act", row)).content.decode()


STEPS = ["name", "question", "nothing"]


@in_database
@pytest.mark.parametrize("step", STEPS)
def test_looking_changes_nothing(editor_client, step):
    assert editor_client.get(address(step, make_search())).status_code == 405
    assert EmptySearch.objects.open().exists()


@in_database
@pytest.mark.parametrize("step", ["act", *STEPS])
@pytest.mark.parametrize("group", ["Clinical reviewer", "Booking coordinator", "Clinician"])
def test_only_staff_who_answer_searches_see_them(step, group):
    client, row = Client(), make_search()
    method = client.get if step == "act" else client.post
    assert method(address(step, row)).url.startswith("/admin/login/")
    people.sign_in(client, people.make_person(group))
    assert method(address(step, row)).status_code == 403
    assert client.get(reverse("admin:conditions_emptysearch_changelist")).status_code == 403


@in_database
@pytest.mark.parametrize("chosen", ["", "yes", "no", "perhaps"])
def test_the_list_of_searches_is_filtered_by_handled_or_not(editor_client, chosen):
    make_search("still open")
    make_search("done with", handled_on=TODAY)
    page = editor_client.get(reverse("admin:conditions_emptysearch_changelist"), {"open": chosen}).content.decode()
    assert ("still open" in page, "done with" in page) == (chosen != "no", chosen != "yes")
    assert "/add/" not in page.partition("content-main")[2]


@in_database
def test_no_search_and_no_name_becomes_markup(admin_client):
    condition, row = make_condition(name=XSS, slug="gout"), make_search(XSS)
    pages = [
        admin_client.get(address("act", row)),
        admin_client.get(address("act", row), {"q": XSS}),
        admin_client.get(reverse("admin:conditions_emptysearch_changelist")),
        admin_client.post(address("name", row), {"condition": condition.pk, "name": XSS}),
        admin_client.post(address("name", row), {"condition": condition.pk, "name": XSS.upper()}, follow=True),
        admin_client.post(address("question", row), {"about": "page", "condition": condition.pk}, follow=True),
    ]
    for page in pages:
        assert "<img src=x" not in page.content.decode().lower()
