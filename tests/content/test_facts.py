"""The served pages contain all facts of the inventory (data/inventory.yaml)."""

import re
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page

INVENTORY = yaml.safe_load((Path(__file__).parent / "data" / "inventory.yaml").read_text())


def is_told(fact: str, text: str) -> bool:
    return re.search(re.sub(r"\s+", r"\\s+", fact), text, re.IGNORECASE) is not None


def text_of(page: Page, section: str) -> str:
    found = page.locator(f"#{section}")
    return found.inner_text() if found.count() == 1 else ""


@pytest.mark.parametrize("slug", INVENTORY)
def test_every_fact_stands_in_its_section(plain_tab, slug):
    plain_tab.goto(f"/conditions/{slug}/")
    told = {section: text_of(plain_tab, section) for section in INVENTORY[slug]["sections"]}
    missing = [
        f"{section}: {fact}"
        for section, facts in INVENTORY[slug]["sections"].items()
        for fact in facts
        if not is_told(fact, told[section])
    ]
    assert missing == []


@pytest.mark.parametrize("section", ["preparing", "recovery"])
def test_the_public_guides_tell_every_fact_about_preparing_and_recovery(plain_tab, section):
    plain_tab.goto(f"/second-opinion/{section}/")
    told = plain_tab.locator("main").inner_text()
    facts = INVENTORY["calcified-lesions"]["sections"][section]
    assert len(facts) > 10
    assert [fact for fact in facts if not is_told(fact, told)] == []


@pytest.mark.parametrize("slug", INVENTORY)
def test_a_page_carries_its_name_and_its_other_names(plain_tab, slug):
    plain_tab.goto(f"/conditions/{slug}/")
    assert plain_tab.get_by_role("heading", level=1).inner_text() == INVENTORY[slug]["title"]
    also_called = plain_tab.locator("main header").first.inner_text().casefold()
    assert [name for name in INVENTORY[slug].get("also_known_as", []) if name.casefold() not in also_called] == []


@pytest.mark.parametrize("slug", INVENTORY)
def test_a_page_has_a_picture_that_is_described(plain_tab, slug):
    plain_tab.goto(f"/conditions/{slug}/")
    picture = plain_tab.locator("main header img")
    assert picture.count() == 1
    assert len(picture.get_attribute("alt").split()) >= 5
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")


@pytest.mark.parametrize("slug", INVENTORY)
def test_a_page_calls_twice_to_action_between_its_sections(plain_tab, slug):
    plain_tab.goto(f"/conditions/{slug}/")
    addresses = [
        link.get_attribute("href")
        for link in plain_tab.locator("main").get_by_role("link", name=re.compile("second opinion|appointment")).all()
    ]
    calls = [address for address in addresses if f"condition={slug}" in address]
    assert len(calls) == 2
    assert len(set(calls)) == 2


@pytest.mark.parametrize("slug", INVENTORY)
def test_a_page_leads_to_a_related_one(plain_tab, slug):
    plain_tab.goto(f"/conditions/{slug}/")
    links = plain_tab.get_by_role("region", name="Read next").get_by_role("link")
    addresses = {link.get_attribute("href") for link in links.all()}
    assert addresses
    assert addresses <= {f"/conditions/{other}/" for other in INVENTORY if other != slug}
