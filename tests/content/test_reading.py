"""The served pages are in plain English, as measured by conditions/lint/reading.py."""

import re
from pathlib import Path
from statistics import median

import pytest
import yaml
from playwright.sync_api import Page

from conditions.choices import SectionKind
from conditions.lint.reading import grade, long_sentences
from tests.browsing import CONDITIONS
from tests.running import ROOT

pytestmark = pytest.mark.looks

STARTER = ROOT / "conditions" / "starter"
FILES = sorted([*STARTER.rglob("*.yaml"), *(ROOT / "appointments" / "guidance" / "starter_texts").glob("*.yaml")])


def sections(page: Page) -> dict[str, str]:
    """The sections of the condition page that is open, the questions among them: id to HTML."""
    ids = [section.get_attribute("id") for section in page.locator("main section[id]").all()]
    return {name: page.locator(f"#{name}").inner_html() for name in ids if name in {*SectionKind.values, "faqs"}}


def whole_page(page: Page) -> str:
    """All content of the page: the summary, the short facts, the signs of an emergency, and every section."""
    start = page.locator("main header .lead").evaluate("element => element.outerHTML")
    boxes = [page.get_by_role("region", name=re.compile(name)).inner_html() for name in ["In short", "^Emergency"]]
    return "".join([start, *boxes, *sections(page).values()])


@pytest.mark.parametrize("path", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_page_reads_at_grade_nine_or_below(plain_tab, path):
    plain_tab.goto(path)
    assert grade(whole_page(plain_tab)) <= 9


@pytest.mark.parametrize("path", CONDITIONS.values(), ids=CONDITIONS.keys())
def test_the_median_section_reads_at_grade_seven_or_below(plain_tab, path):
    plain_tab.goto(path)
    grades = {name: grade(html) for name, html in sections(plain_tab).items()}
    assert len(grades) >= 5
    assert median(grades.values()) <= 7, grades


def texts(value: object) -> list[str]:
    """Every text in a starter file, at any depth."""
    if isinstance(value, dict):
        return [text for key, part in value.items() if key != "sources" for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [str(value)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_of_the_starter_content_has_more_than_twenty_words(path: Path):
    found = [sentence for text in texts(yaml.safe_load(path.read_text())) for sentence in long_sentences(text)]
    assert found == []


def test_a_harder_text_gets_a_higher_grade():
    plain = "<p>Calcium can build up in the brain. It is often harmless.</p>"
    hard = "<p>Intracerebral mineralisation predominantly represents an incidental neuroradiological observation.</p>"
    assert grade(plain) < 7 < 15 < grade(hard)
