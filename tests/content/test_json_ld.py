"""The JSON-LD of a page (schema.org) matches its visible text, no more and no less."""

import json
import re

import pytest
from playwright.sync_api import Locator, Page

from tests.browsing import CONDITIONS
from tests.plainhttp import fetch

every_condition = pytest.mark.parametrize("path", CONDITIONS.values(), ids=CONDITIONS.keys())


def descriptions(site, path: str) -> dict[str, dict]:
    """The JSON-LD of a page, by type."""
    page = fetch(site, path).text
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return {block["@type"]: block for block in map(json.loads, blocks)}


def visible(element: Page | Locator) -> str:
    """The visible text of an element, with single spaces between words."""
    return " ".join(element.inner_text().split())


def names(things: list[dict]) -> list[str]:
    return [thing["name"] for thing in things]


def questions(page: Page, region: str) -> dict[str, str]:
    """The questions in a region of the page, each with its answer."""
    found = {}
    for heading in page.get_by_role("region", name=region).get_by_role("heading", level=3).all():
        whole = visible(heading.locator(".."))
        found[visible(heading)] = whole.removeprefix(visible(heading)).strip()
    return found


@every_condition
def test_a_pages_json_ld_matches_its_visible_text(site, plain_tab, path):
    page = descriptions(site, path)["MedicalWebPage"]
    plain_tab.goto(path)
    text = visible(plain_tab.locator("main"))
    assert page["name"] == visible(plain_tab.get_by_role("heading", level=1))
    assert page["description"] in text
    assert page["url"] == f"{site.url}{path}"
    assert page["inLanguage"] == plain_tab.locator("html").get_attribute("lang")


@every_condition
def test_names_symptoms_treatments_and_risks_stand_on_the_page(site, plain_tab, path):
    condition = descriptions(site, path)["MedicalWebPage"]["about"]
    plain_tab.goto(path)
    header, main = visible(plain_tab.locator("main header").first), visible(plain_tab.locator("main"))
    assert condition["@type"] == "MedicalCondition"
    assert condition["name"] == visible(plain_tab.get_by_role("heading", level=1))
    assert [name for name in condition.get("alternateName", []) if name not in header] == []
    assert [name for name in names(condition.get("signOrSymptom", [])) if name not in main] == []
    for part, section in [("possibleTreatment", "treatment"), ("riskFactor", "risk-factors")]:
        assert (part in condition) == (plain_tab.locator(f"#{section}").count() == 1)
        shown = visible(plain_tab.locator(f"#{section}")) if part in condition else ""
        assert [name for name in names(condition.get(part, [])) if name not in shown] == []


@every_condition
def test_questions_and_answers_are_those_of_the_page_word_for_word(site, plain_tab, path):
    told = descriptions(site, path)["FAQPage"]["mainEntity"]
    plain_tab.goto(path)
    shown = questions(plain_tab, "Questions people ask")
    assert len(shown) >= 3
    assert {question["name"]: question["acceptedAnswer"]["text"] for question in told} == shown


def test_questions_about_the_service_are_those_of_the_page_word_for_word(site, plain_tab):
    told = descriptions(site, "/faqs/")["FAQPage"]["mainEntity"]
    plain_tab.goto("/faqs/")
    shown = questions(plain_tab, "About our service")
    assert len(shown) >= 5
    assert {question["name"]: question["acceptedAnswer"]["text"] for question in told} == shown


@every_condition
def test_no_reviewer_is_claimed_for_a_page_that_no_clinician_has_reviewed(site, plain_tab, path):
    page = fetch(site, path).text
    plain_tab.goto(path)
    assert "reviewedBy" not in page
    assert "lastReviewed" not in page
    assert "No clinician has reviewed this page yet." in visible(plain_tab.locator("#review"))
    assert "Not yet checked by a clinician." in visible(plain_tab.locator("main header").first)


@every_condition
def test_the_date_told_is_the_date_shown(site, plain_tab, path):
    year, month, day = map(int, descriptions(site, path)["MedicalWebPage"]["dateModified"].split("-"))
    plain_tab.goto(path)
    shown = re.search(r"Published (\d+) \w+ (\d{4})", visible(plain_tab.locator("#review")))
    assert (int(shown[1]), int(shown[2])) == (day, year)
    assert 1 <= month <= 12


def test_pages_without_a_subject_of_their_own_describe_nothing(site):
    for path in ["/", "/conditions/", "/search/", "/second-opinion/", "/about/"]:
        assert descriptions(site, path) == {}
