"""The desk of a clinic in a browser: a receptionist's morning, and every screen of it under axe."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.desk import CLINICIAN, RECEPTIONIST, zone_of_morning
from tests.journeys.test_editing import Person
from tests.journeys.test_keyboard import reachable, walk
from tests.looks.test_accessibility import violations
from tests.looks.test_reflow import assert_fits
from tests.running import Site, new_site, serving

LIST = "/admin/appointments/appointment/"
FILL = "import django; django.setup(); from tests import desk; desk.fill()"
ZONE = zone_of_morning()
AHEAD = timezone.localdate(timezone=ZoneInfo(ZONE)) + timedelta(days=7)  # when two are booked with Dr Desk Ash


@pytest.fixture(scope="module")
def morning_site(tmp_path_factory, static_files: Path) -> Iterator[Site]:
    """A clinic where the day has just begun."""
    home = tmp_path_factory.mktemp("morning")
    with new_site(home, static_files, TIME_ZONE=ZONE) as site, serving(site, "/readyz"):
        yield site
        assert site.errors() == []


@pytest.fixture(scope="module")
def clinic(morning_site: Site) -> dict[str, str]:
    """The sessions of the clinic's staff."""
    return dict(re.findall(r"Session: (\w+) (\w+)", morning_site.run("-c", FILL)))


@pytest.fixture
def at_desk(morning_site: Site, clinic: dict[str, str], open_tab: Callable[..., Page]) -> Callable[..., Page]:
    """Open a tab in which a member of staff has signed in."""

    def opened(name: str, **settings) -> Page:
        page = open_tab(base_url=morning_site.url, **settings)
        page.context.add_cookies([morning_site.session_cookie | {"value": clinic[name]}])
        return page

    return opened


def open_patient(page: Page, name: str) -> str:
    """Find a patient by name. Returns the address of the actions on the appointment."""
    page.goto(f"{LIST}?q={name}")
    page.get_by_role("link", name=name).click()
    return page.url.removesuffix("change/")


def refuse(page: Page, address: str, button: str) -> None:
    """A form with its errors after it is submitted without required fields."""
    page.goto(address)
    page.locator("main form.step").first.evaluate("form => { form.noValidate = true }")
    page.get_by_role("button", name=button).click()
    page.get_by_role("alert").first.wait_for()


def screens(page: Page) -> Iterator[str]:
    """Open one screen after the other, without a change by any of them."""
    for path in ["", "appointments/closure/", "appointments/closure/add/", "appointments/clinician/"]:
        page.goto(f"/admin/{path}")
        yield path or "first page"
    for path in ["", f"calendar/?day={AHEAD}", f"calendar/?day={AHEAD}&view=week", "work/today/", "work/telephone/"]:
        page.goto(f"{LIST}{path}")
        yield path or "appointments"
    page.goto(f"{LIST}calendar/?day={AHEAD}")
    page.get_by_role("link", name="Book for a patient").first.click()
    refuse(page, page.url, "Book it")
    yield "book, sent empty"
    for name in ["Cy Cancelled", "Wim Waiting"]:
        address = open_patient(page, name)
        page.get_by_text("Who did and saw what").click()
        yield name
    for step in ["move", "details", "message"]:
        page.goto(f"{address}{step}/")
        yield step
    page.goto(f"{address}cancel/")
    yield "cancel"


# Screens take turns in the two pairs of looks, because each look takes a second.
LOOKS = cycle([{320: "light", 1280: "dark"}, {320: "dark", 1280: "light"}])


@pytest.mark.looks
def test_axe_finds_nothing_on_any_screen_and_none_scrolls_sideways_on_a_telephone(at_desk):
    page, found = at_desk(RECEPTIONIST, reduced_motion="reduce"), {}
    for name, looks in zip(screens(page), LOOKS, strict=False):
        found[name] = []
        for width, scheme in looks.items():
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 640})
            found[name] += violations(page)
            assert_fits(page)
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 16


@pytest.mark.looks
@pytest.mark.parametrize("width", [320, 1280])
def test_the_tab_key_passes_everything_on_the_screens_of_every_day_in_sight(at_desk, width):
    page = at_desk(RECEPTIONIST, viewport={"width": width, "height": 700}, reduced_motion="reduce")
    address = open_patient(page, "Cy Cancelled")
    for path in [f"{LIST}calendar/?day={AHEAD}", f"{LIST}work/today/", f"{address}change/", f"{address}cancel/"]:
        page.goto(path)
        # The browser's own field for a date is several stops.
        page.locator("[type=date]").evaluate_all("all => all.forEach(field => { field.type = 'text' })")
        stops = walk(page)
        assert [stop["name"] for stop in stops if not stop["ring"]] == [], f"{path}: no ring around the focus"
        assert [stop["name"] for stop in stops if not stop["seen"]] == [], f"{path}: the focus is out of sight"
        assert len(stops) == reachable(page)


@pytest.mark.looks
def test_a_printed_week_shows_the_patients_and_no_buttons(at_desk):
    page = at_desk(RECEPTIONIST)
    page.goto(f"{LIST}calendar/?day={AHEAD}&view=week")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Mia Movable")).to_be_visible()
    assert page.get_by_role("button").filter(visible=True).count() == 0
    assert page.get_by_role("navigation").filter(visible=True).count() == 0
    assert_fits(page)


def test_a_clinician_works_from_a_telephone_without_javascript(at_desk):
    page = at_desk(CLINICIAN, viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page.goto("/admin/")
    page.get_by_role("link", name="Today’s patients").click()
    page.get_by_role("link", name="Ada Today").click()
    expect(page.get_by_role("link", name="01632 960 001")).to_have_attribute("href", "tel:01632960001")
    page.get_by_label("New note").fill("Brings the films.")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.get_by_text("Brings the films.")).to_be_visible()
    page.goto(f"{LIST}?q=Mia")
    expect(page.get_by_text("0 appointments")).to_be_visible()


def come_to_today(person: Person) -> None:
    person.page.goto("/admin/")
    person.clicks = 0
    person.follow(re.compile("^Today’s patients"))


def test_a_receptionists_morning_and_how_many_clicks_it_takes(at_desk):
    bea = Person(at_desk(RECEPTIONIST), RECEPTIONIST, "")
    page, clicks = bea.page, {}

    come_to_today(bea)
    bea.click(page.get_by_role("button", name=re.compile("^Arrived.*Ada Today$")))
    expect(page.get_by_text("Ada Today is marked: Arrived.")).to_be_visible()
    clicks["arrived"] = bea.clicks

    come_to_today(bea)
    bea.follow(re.compile("^Kofi Today"))
    bea.follow("Move")
    bea.click(page.get_by_role("radio").last)  # another day
    bea.press("Move it")
    expect(page.get_by_text("Moved. The patient gets an e-mail about it.")).to_be_visible()
    clicks["moved"] = bea.clicks

    come_to_today(bea)
    expect(page.get_by_role("link", name="Kofi Today")).to_have_count(0)
    bea.follow(re.compile("^李 Today"))
    bea.follow("Cancel")
    bea.press("Cancel the appointment")
    expect(page.get_by_text("Cancelled, and the time is free.")).to_be_visible()
    clicks["cancelled"] = bea.clicks

    clicks["closed"] = close_a_day(bea)
    assert clicks == {"arrived": 2, "moved": 5, "cancelled": 4, "closed": 4}


def close_a_day(bea: Person) -> int:
    """Close a day of an absent clinician, and settle it for each affected patient. Returns the clicks."""
    page = bea.page
    page.goto(f"{LIST}calendar/?day={AHEAD}")
    bea.clicks = 0
    bea.follow("Close this day")
    page.get_by_label("Who is away").select_option("Dr Desk Ash")
    bea.press("Save")
    expect(page.get_by_text("Nothing is saved yet: somebody is booked then.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Cy Cancelled")).to_be_visible()
    assert violations(page) == []
    bea.press("Save")
    expect(page.get_by_text("It is closed. Now decide for those who are booked then.")).to_be_visible()
    assert violations(page) == []
    assert_fits(page)
    page.get_by_label("Message to everybody").fill("We are sorry.")
    move = page.get_by_label("What becomes of the appointment of Mia Movable")
    move.select_option(index=2)
    page.get_by_label("What becomes of the appointment of Cy Cancelled").select_option("Cancel")
    bea.press("Move and cancel as chosen")
    expect(page.get_by_text("Mia Movable: moved to")).to_be_visible()
    expect(page.get_by_text("Cy Cancelled has no e-mail address. Telephone them now")).to_be_visible()
    page.goto(f"{LIST}calendar/?day={AHEAD}")
    expect(page.get_by_role("region", name="Dr Desk Ash").get_by_role("listitem")).to_have_count(1)
    return bea.clicks
