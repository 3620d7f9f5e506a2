"""The public pages of the checklist and the guidance."""

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from appointments.choices import Tool
from appointments.guidance import starter, versions
from appointments.guidance.tests.makers import NEW, OLD, make_guidance, make_item
from appointments.models import ChecklistItem, QuestionPrompt, RecoveryGuidance
from calcsite.models import PublicVersion
from calcsite.tests import people
from conditions.exchange.files import ExchangeError
from conditions.lint.reading import grade
from conditions.tests.factories import make_condition, make_live

pytestmark = pytest.mark.django_db

PREPARING, RECOVERY = "/second-opinion/preparing/", "/second-opinion/recovery/"
PAGES = pytest.mark.parametrize(
    ("path", "make"), [(PREPARING, make_item), (RECOVERY, make_guidance)], ids=["preparing", "recovery"]
)
UNREVIEWED = "No clinician has reviewed this text yet"


def body(path: str, **asked: str) -> str:
    answer = Client().get(path, asked)
    assert answer.status_code == 200
    return answer.content.decode()


@PAGES
def test_a_page_is_for_all_conditions_or_for_one(path, make):
    gout, other = make_live(name="Gout", slug="gout"), make_live(name="Stone", slug="stone")
    make(title="For all")
    make(title="For gout", condition=gout)
    make(title="For stone", condition=other)
    for_all, for_gout = body(path), body(path, condition="gout")
    assert ("For all" in for_all, "For gout" in for_all, "For stone" in for_all) == (True, False, False)
    assert ("For all" in for_gout, "For gout" in for_gout, "For stone" in for_gout) == (True, True, False)
    assert f'href="{path}?condition=stone"' in for_all


@PAGES
@pytest.mark.parametrize("slug", ["nothing", "draft", "x" * 500, "'--"])
def test_an_unknown_condition_shows_a_message(path, make, slug):
    draft = make_condition(name="Draft", slug="draft")
    make(title="For all")
    make(title="For draft", condition=draft)
    page = body(path, condition=slug)
    assert "For all" in page
    assert "For draft" not in page
    assert "Draft" not in page
    assert "We have no page about that condition" in page


@PAGES
def test_the_page_says_whether_a_clinician_has_reviewed_it(path, make):
    first, second = make(title="One"), make(title="Two")
    assert UNREVIEWED in body(path)
    reviewed = {"reviewed_at": timezone.now(), "reviewer": "Ada Reader, MD"}
    type(first).objects.filter(pk=first.pk).update(**reviewed)
    some = body(path)
    assert UNREVIEWED not in some
    assert "No clinician has reviewed all of this text yet" in some
    assert some.count("No clinician has reviewed this part yet") == 1
    type(second).objects.update(**reviewed)
    every = body(path)
    assert every.count("Reviewed by Ada Reader, MD on") == 2
    assert "No clinician" not in every


@PAGES
def test_a_page_is_new_as_soon_as_its_words_are(path, make):
    item = make()
    before, page = PublicVersion.current(), body(path)
    item.text = NEW
    versions.save(item=item, by=people.make_person("Editor"))
    assert PublicVersion.current() != before
    assert (OLD in page, NEW in body(path)) == (True, True)


@PAGES
def test_markup_of_staff_is_escaped_on_public_pages(path, make):
    attack = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'{{ clinic.name }}{% now "Y" %}'
    texts = {"title": attack[:120], "text": attack}
    if make is make_guidance:
        texts |= {"normal": attack, "do": attack, "dont": attack}
    make(condition=make_live(name="Gout", slug="gout"), **texts)
    page = body(path, condition="gout")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == len(texts)
    assert page.count("{{ clinic.name }}") == len(texts)


@PAGES
def test_a_page_takes_as_many_queries_with_one_item_as_with_thirty(path, make, django_assert_num_queries):
    gout = make_live(name="Gout", slug="gout")
    make(condition=gout)
    with django_assert_num_queries(5):
        body(path, condition="gout")
    for number in range(30):
        make(title=f"Item {number}", condition=gout if number % 2 else None)
    with django_assert_num_queries(5):
        body(path, condition="gout")


def test_guidance_stands_in_the_order_of_its_days():
    make_guidance(title="Late", first_day=7, position=1, treatment="operation")
    make_guidance(title="Early", position=2, last_day=6)
    page = re.sub(r"<[^>]*>|\s+", " ", body(RECOVERY))
    page = re.sub(r"\s+", " ", page)
    found = [
        "From the day of treatment",
        "Early",
        "Until about day 6",
        "From about day 7",
        "Late",
        "After: an operation",
    ]
    places = [page.index(words) for words in found]
    assert places == sorted(places)


def test_an_empty_list_has_a_hint():
    assert "Call us and ask" in body(PREPARING)
    assert "Call us and ask" in body(RECOVERY)


@pytest.mark.parametrize("path", ["/", "/second-opinion/", "/second-opinion/?condition=gout", "/conditions/gout/"])
def test_the_pages_are_found_from_others(path):
    make_live(name="Gout", slug="gout")
    page = body(path)
    query = "?condition=gout" if "gout" in path else ""
    assert f'href="{PREPARING}{query}"' in page
    assert f'href="{RECOVERY}{query}"' in page


def test_search_engines_are_told_of_the_pages():
    sitemap = body("/sitemap.xml")
    assert f"{PREPARING}</loc>" in sitemap
    assert f"{RECOVERY}</loc>" in sitemap


def test_the_starter_content_has_the_nine_and_the_nine_and_is_loaded_once():
    call_command("load_starter", verbosity=0)
    assert starter.load() == 36
    assert sorted(ChecklistItem.objects.values_list("tool", flat=True)) == sorted(Tool.values)
    assert (ChecklistItem.objects.count(), RecoveryGuidance.objects.count()) == (9, 9)
    asked = QuestionPrompt.objects.exclude(condition=None).values_list("condition__slug", flat=True)
    assert len(set(asked)) == 4
    ChecklistItem.objects.first().delete()
    RecoveryGuidance.objects.update(text=NEW)
    assert starter.load() == 0
    assert ChecklistItem.objects.count() == 8
    for path in (PREPARING, RECOVERY):
        assert grade(body(path).partition("<main")[2].partition("</main>")[0]) <= 6


def test_starter_content_for_a_condition_that_the_site_lacks_is_left_out():
    starter.load()
    assert QuestionPrompt.objects.count() == QuestionPrompt.objects.filter(condition=None).count() == 10


def test_a_mistake_in_a_file_is_named_and_nothing_is_loaded(tmp_path):
    for name in starter.FILES:
        (tmp_path / name).write_text((starter.FOLDER / name).read_text())
    recovery = tmp_path / "recovery.yaml"
    recovery.write_text(recovery.read_text().replace('last_day: "13"', 'last_day: "soon"'))
    with pytest.raises(ExchangeError, match=r"recovery\.yaml: \[2\]\.last_day"):
        starter.load(tmp_path)
    assert not ChecklistItem.objects.exists()
