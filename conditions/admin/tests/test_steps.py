"""The screens of the steps of a page: their content, their forms and their messages."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calcsite.tests import people
from conditions.models import Condition, Edition
from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer
from conditions.tests.forms import filled_in

pytestmark = pytest.mark.django_db

HARD = "<p>Click <a href='/conditions/'>here</a>.</p>"


def step(name: str, condition: Condition) -> str:
    return reverse(f"admin:conditions_condition_{name}", args=[condition.pk])


def review(edition: Edition) -> str:
    return reverse("admin:conditions_edition_review", args=[edition.pk])


def words(page: bytes) -> str:
    """The text of a page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split()).replace(" ,", ",").replace(" .", ".")


@pytest.fixture
def reviewer_client() -> Client:
    reviewer = people.make_person("Clinical reviewer", first_name="Rosa", last_name="Mendes")
    client = Client()
    people.sign_in(client, reviewer)
    return client


def make_reviewed(**fields) -> Condition:
    condition = make_condition(**fields)
    publishing.approve(edition=publishing.submit(condition=condition, by=None), by=make_reviewer())
    condition.refresh_from_db()
    return condition


# Mistakes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("publish", "Say why the page is published without a clinician’s review."),
        ("withdraw", "Say why the page is taken off the site."),
    ],
)
def test_mistakes_are_listed_first_with_links_and_named_in_the_title(admin_client, name, told):
    condition = make_live()
    form = filled_in(admin_client, step(name, condition))
    page = admin_client.post(step(name, condition), form | {"reason": ""}).content.decode()
    assert page.index('class="error-summary"') < page.index('name="reason"')
    assert f'<a href="#id_reason">{told}</a>' in page
    assert re.search(r"<title>Error: .+ \| .+: staff</title>", page)


def test_a_mistake_without_a_field_is_told_once(admin_client):
    condition = make_condition()
    form = filled_in(admin_client, step("submit", condition))
    Condition.objects.update(summary="Saved by somebody else.")
    page = admin_client.post(step("submit", condition), form).content.decode()
    assert page.count("Somebody has saved the working copy since you opened this.") == 1


def test_a_decision_that_lacks_something_says_so_at_the_decision(reviewer_client):
    edition = publishing.submit(condition=make_condition(), by=None)
    page = reviewer_client.post(review(edition), {"action": "return", "return-reason": ""}).content.decode()
    assert page.count("There is a problem") == 1
    assert page.index('id="decision"') < page.index("There is a problem")
    assert '<a href="#id_return-reason">Say what the author should change.</a>' in page
    assert "<title>Error: " in page
    edition.refresh_from_db()
    assert edition.is_waiting


# Sending


def test_sending_an_unchanged_page_is_told(admin_client):
    condition = make_live()
    same = "This is what the public reads already"
    assert same in words(admin_client.get(step("submit", condition)).content)
    Condition.objects.update(summary="Something else.")
    assert same not in words(admin_client.get(step("submit", condition)).content)


def test_findings_are_listed_before_the_form_with_links_to_their_fields(admin_client):
    condition = make_condition(sections={"overview": "<p>Fine.</p>", "causes": HARD}, faqs={"Why": "<p>So.</p>"})
    page = admin_client.get(step("submit", condition)).content.decode()
    found = page[page.index('class="found"') : page.index('class="step"')]
    assert set(re.findall(r'href="#part-([\w-]+)"', found)) <= set(re.findall(r'id="part-([\w-]+)"', page))
    assert '<a href="#part-causes">Section “Causes”</a>' in found
    change = step("change", condition)
    for field in ("sections-1", "faqs-0", "id_key_facts"):
        assert f'href="{change}#{field}"' in page
        assert f'id="{field}"' in admin_client.get(change).content.decode()


# Reviewing


def test_findings_outside_of_the_changes_are_folded(reviewer_client):
    condition = make_live(sections={"overview": HARD, "causes": "<p>Fine.</p>"})
    condition.sections.filter(kind="causes").update(body=HARD)
    page = reviewer_client.get(review(publishing.submit(condition=condition, by=None))).content.decode()
    checks = page[page.index("What the checks found in what changed") : page.index('id="decision"')]
    new, _, elsewhere = checks.partition("<details")
    assert ("Section “Causes”" in new, "Section “Overview”" in new) == (True, False)
    assert ("Section “Causes”" in elsewhere, "Section “Overview”" in elsewhere) == (False, True)


def test_of_a_first_edition_nothing_is_elsewhere(reviewer_client):
    edition = publishing.submit(condition=make_condition(sections={"overview": HARD}), by=None)
    page = reviewer_client.get(review(edition)).content.decode()
    assert "What the checks found</h2>" in page
    assert "elsewhere on the page" not in page


def test_a_corrected_page_names_its_reviewer_and_its_corrector(reviewer_client):
    condition = make_reviewed()
    edition = publishing.submit(condition=condition, by=None, is_correction=True)
    page = reviewer_client.get(review(edition)).content
    assert "Reviewed by Dr Demonstration, MD (as before). Correction approved by Rosa Mendes." in words(page)
    names = re.findall(r'name="approve-(\w+)"', page.decode())
    assert list(dict.fromkeys(names)) == ["keeps_review", "due", "goes_live_at"]
    assert "Only for a review of the whole page" in words(page)


def test_a_correction_of_a_review_that_is_gone_is_reviewed_as_a_whole(reviewer_client):
    condition = make_reviewed()
    edition = publishing.submit(condition=condition, by=None, is_correction=True)
    publishing.withdraw(condition=condition, by=None, reason="A test.")
    page = reviewer_client.get(review(edition)).content
    assert "The public will read: Reviewed by Rosa Mendes." in words(page)
    assert b"keeps_review" not in page


def test_an_approval_leads_to_the_public_page_or_says_when_there_will_be_one(reviewer_client):
    now, later = (publishing.submit(condition=make_condition(name=name), by=None) for name in ("Gout", "Podagra"))
    answer = {"action": "approve", "approve-due": timezone.localdate() + timedelta(days=90)}
    page = reviewer_client.post(review(now), answer, follow=True).content.decode()
    assert 'Gout, edition 1 is public now. <a href="/conditions/gout/">See the public page</a>' in page
    answer["approve-goes_live_at"] = f"{date.today().year + 1}-02-03T09:00"
    page = reviewer_client.post(review(later), answer, follow=True).content.decode()
    assert f"Podagra, edition 1 goes live on 3 February {date.today().year + 1}, 09:00." in page


def test_a_returned_edition_names_its_reviewer(reviewer_client):
    edition = publishing.submit(condition=make_condition(), by=None)
    reviewer_client.post(review(edition), {"action": "return", "return-reason": "Which children?"})
    assert "Sent back by Rosa Mendes: Which children?" in words(reviewer_client.get(review(edition)).content)
    history = reviewer_client.get(step("history", edition.condition)).content
    assert "<td>Rosa Mendes</td>" in history.decode()


# Files


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"Dear colleague", 1), (b"%PDF-1.4\n\xff\xfe", 1), (b"name: Gout\nsummary: [", 2), (b"", 1)],
)
def test_a_file_that_is_none_of_ours_is_refused_in_plain_words(admin_client, content, line):
    file = SimpleUploadedFile("letter.txt", content or b" ")
    page = admin_client.post(reverse("admin:conditions_condition_import"), {"file": file})
    told = f"This is not a file that “Save as a file” made. Look at line {line}."
    assert told in words(page.content)
