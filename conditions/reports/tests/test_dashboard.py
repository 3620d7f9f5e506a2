"""The admin's first page: the reports of the user's desk, and nothing else."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calcsite.tests import people
from conditions.editing import drafting
from conditions.models import Condition, EmptySearch, Feedback
from conditions.publishing import publishing
from conditions.reports import numbers
from conditions.tests.factories import make_condition, make_live, make_reviewer

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 21)
NOTHING = "Nothing waits for you."
XSS = "<img src=x onerror=alert(1)>"


def first_page(person) -> str:
    client = Client()
    people.sign_in(client, person)
    return client.get("/admin/").content.decode()


def sections(page: str) -> list[str]:
    return re.findall(r'<section class="report"\s+id="([a-z-]+)"', page)


def pictures(page: str) -> list[str]:
    return re.findall(r'<title id="chart-([a-z-]+)-title">', page)


def make_busy(editor) -> None:
    """Rows for every desk. The names differ each time."""
    mark = Condition.objects.count()
    reviewer = make_reviewer()
    today = timezone.localdate()
    due = make_condition(name=f"Due {mark}", sections={"overview": '<p><a href="/nowhere/">a page</a></p>'})
    due_edition = publishing.submit(condition=due, by=None)
    on = today - timedelta(days=50)
    publishing.approve(edition=due_edition, by=reviewer, on=on, due=today)
    for name, person in (("Changed by the editor", editor), ("Changed by somebody else", reviewer)):
        changed = make_live(name=f"{name} {mark}")
        Condition.objects.filter(pk=changed.pk).update(summary="Something else.")
        drafting.note_change(condition=changed, by=person)
    publishing.submit(condition=make_condition(name=f"Waiting {mark}"), by=reviewer)
    publishing.submit(condition=make_condition(name=f"Sent {mark}"), by=editor)
    returned = publishing.submit(condition=make_condition(name=f"Returned {mark}"), by=editor)
    publishing.return_(edition=returned, by=reviewer, reason="Say when to call.")
    later = publishing.submit(condition=make_condition(name=f"Later {mark}"), by=None)
    at = timezone.now() + timedelta(days=1)
    publishing.approve(edition=later, by=reviewer, goes_live_at=at)
    for _ in range(5):
        Feedback.objects.create(condition=due, edition=due_edition, helpful=False)
    EmptySearch.objects.create(query=f"chalk knee {mark}", first_on=today, last_on=today)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("Editor", ["sent-back", "sent", "ahead", "overdue", "unhelpful", "searches", "links", "scheduled"]),
        ("Administrator", ["overdue", "unhelpful", "searches", "links", "scheduled", "never-reviewed"]),
        ("Clinical reviewer", ["waiting", "scheduled"]),
        ("Booking coordinator", []),
        ("Clinician", []),
    ],
)
def test_each_role_finds_its_waiting_rows_in_order(group, expected):
    person = people.make_person(group)
    make_busy(person if group == "Editor" else people.make_person())
    page = first_page(person)
    assert sections(page) == expected
    assert (NOTHING in page) == (expected == [])
    assert ("All reports" in page) == (expected != [])


def test_an_editor_reads_why_a_page_was_sent_back_and_finds_own_drafts_only():
    editor = people.make_person("Editor")
    make_busy(editor)
    page = first_page(editor)
    assert "Say when to call." in page
    assert "Changed by the editor" in page
    assert "Changed by somebody else" not in page.partition('id="overdue"')[0]


def test_a_submission_is_shown_and_is_no_longer_a_change_to_send():
    editor = people.make_person("Editor")
    page = make_live(name="Gout")
    Condition.objects.update(summary="Something else.")
    drafting.note_change(condition=page, by=editor)
    assert sections(first_page(editor)) == ["ahead"]
    publishing.submit(condition=page, by=editor)
    text = first_page(editor)
    assert sections(text) == ["sent"]
    assert "edition 2, waiting since today" in text
    Condition.objects.update(summary="Something else again.")
    drafting.note_change(condition=page, by=editor)
    assert sections(first_page(editor)) == ["sent", "ahead"]


def test_a_page_of_which_an_approved_edition_waits_for_its_time_is_nothing_to_send():
    editor, page = people.make_person("Editor"), make_live(name="Gout")
    Condition.objects.update(summary="Something else.")
    drafting.note_change(condition=page, by=editor)
    edition = publishing.submit(condition=page, by=None)
    publishing.approve(edition=edition, by=make_reviewer(), goes_live_at=timezone.now() + timedelta(days=1))
    assert sections(first_page(editor)) == ["scheduled"]


def test_a_reviewer_does_not_find_their_own_work():
    both = people.make_person("Clinical reviewer", "Editor")
    publishing.submit(condition=make_condition(name="Mine"), by=both)
    publishing.submit(condition=make_condition(name="Theirs"), by=None)
    waiting, _, sent = first_page(both).partition('id="sent"')
    assert ("Mine" in waiting, "Theirs" in waiting, "Mine" in sent) == (False, True, True)


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("Editor", ["helpful", "reviews", "searches"]),
        ("Clinical reviewer", ["helpful", "reviews"]),
        ("Booking coordinator", []),
    ],
)
def test_charts_are_for_the_permitted_roles_once_there_are_numbers(group, expected):
    person = people.make_person(group)
    assert pictures(first_page(person)) == []
    make_busy(people.make_person())
    assert pictures(first_page(person)) == expected


def test_an_empty_desk_says_so_with_a_next_step_and_keeps_the_full_list(admin_client):
    page = admin_client.get("/admin/").content.decode()
    assert NOTHING in page
    assert '<a href="/admin/conditions/condition/add/">Add a condition</a>' in page
    assert 'class="app-conditions module' in page
    assert "Recent actions" not in page


def test_a_role_that_writes_no_pages_is_not_invited_to():
    assert "Add a condition" not in first_page(people.make_person("Booking coordinator"))


def queries_of(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_full_desk_takes_as_many_queries_as_a_small_one_and_under_20_of_its_own(admin_client, admin_user):
    counts = []
    for desks in (1, 10):
        for _ in range(desks):
            make_busy(admin_user)
        counts.append(queries_of(admin_client, "/admin/"))
    assert counts[0] == counts[1]
    assert counts[1] - queries_of(admin_client, "/admin/conditions/") < 20


def test_nothing_on_the_first_page_becomes_markup(admin_client):
    page = make_live(name=XSS, slug="gout")
    for _ in range(5):
        Feedback.objects.create(condition=page, edition=page.live_edition, helpful=False, comment=XSS)
    EmptySearch.objects.create(query=XSS, first_on=TODAY, last_on=TODAY)
    text = admin_client.get("/admin/").content.decode()
    assert text.count("&lt;img src=x") >= 3
    assert "<img src=x" not in text


# The numbers


def test_the_share_of_helped_readers_is_counted_by_the_clinics_weeks():
    page = make_live()
    zone = timezone.get_current_timezone()
    # 29 March 2026 is a Sunday, and in the night to it the clocks went forward.
    moments = [(29, 23, True), (29, 23, False), (30, 0, True), (29, 0, False)]
    for day, hour, helpful in moments:
        at = datetime(2026, 3, day, hour, 30, tzinfo=zone)
        Feedback.objects.create(condition=page, edition=page.live_edition, helpful=helpful, created_at=at)
    chart = numbers.helpful_by_week(date(2026, 4, 1))
    assert len(chart.rows) == 26
    assert chart.rows[-3:] == [
        ("week of 16 March 2026", "no number"),
        ("week of 23 March 2026", "33%"),
        ("week of 30 March 2026", "100%"),
    ]


def test_reviews_are_counted_in_the_month_in_which_they_fall_due():
    reviewer = make_reviewer()
    for due in (date(2026, 11, 1), date(2026, 11, 30), date(2027, 2, 5), date(2027, 11, 1)):
        edition = publishing.submit(condition=make_condition(), by=None)
        on = due - timedelta(days=700)
        publishing.approve(edition=edition, by=reviewer, on=on, due=due)
    chart = numbers.reviews_by_month(TODAY)
    assert [label for label, _ in chart.rows][:: len(chart.rows) - 1] == ["November 2026", "October 2027"]
    assert [number for _, number in chart.rows] == ["2", "0", "0", "1", *["0"] * 8]


def test_searches_are_counted_in_the_week_in_which_they_were_last_made():
    for number, day in enumerate([date(2026, 11, 16), date(2026, 11, 15), date(2026, 11, 9), date(2026, 8, 1)]):
        EmptySearch.objects.create(query=f"words {number}", first_on=day, last_on=day)
    chart = numbers.searches_by_week(TODAY)
    assert [number for _, number in chart.rows] == [*["0"] * 10, "2", "1"]
