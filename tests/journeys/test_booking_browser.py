"""Booking and coming back in a real browser: on a phone without JavaScript, by keyboard alone, and under axe."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import patients
from tests.journeys import test_keyboard
from tests.looks.test_accessibility import violations_on_a_journey
from tests.looks.test_reflow import assert_fits, assert_forced_colours_show_everything, assert_wider_text_fits
from tests.patients import BOOK, OWN, Patients, come_to, go_on
from tests.running import Site

PHONE = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
def booking_site(changing_site: Site) -> Patients:
    return patients.prepare(changing_site)


@pytest.fixture
def phone(booking_site: Patients, open_tab: Callable[..., Page]) -> Page:
    return open_tab(base_url=booking_site.site.url, viewport=PHONE, java_script_enabled=False)


@pytest.fixture
def desk(booking_site: Patients, open_tab: Callable[..., Page]) -> Page:
    return open_tab(base_url=booking_site.site.url)


def assert_holds(page: Page) -> None:
    """The page fits, with wider text too, and shows everything in forced colours."""
    assert_fits(page)
    assert_wider_text_fits(page)
    page.emulate_media(forced_colors="active")
    assert_forced_colours_show_everything(page)
    page.emulate_media(forced_colors="none")


def test_a_patient_books_on_a_narrow_phone_without_javascript(phone, booking_site):
    patients.book(phone, lambda name: assert_holds(phone), booking_site.taken)


def test_a_patient_comes_back_on_a_narrow_phone_without_javascript(phone, booking_site):
    patients.come_back(phone, lambda name: assert_holds(phone), booking_site.links[0], booking_site)


def tick_what_is_done(page: Page) -> None:
    """Tick two items on the public checklist, before the booking."""
    page.goto("/second-opinion/preparing/")
    for name in ["List all that you take", "Think about treatment options"]:
        page.get_by_role("checkbox", name=name).check()


@pytest.mark.looks
def test_axe_finds_nothing_on_any_page_of_a_patient(desk, booking_site):
    found = {}
    tick_what_is_done(desk)

    def look(name: str) -> None:
        found[name] = violations_on_a_journey(desk)
        if name == "booked":
            go_on(desk, "Take over the 2 things that you have ticked")
            expect(desk.get_by_text("Marked as done in your list: 2 of 9.")).to_be_visible()
            expect(desk.get_by_role("button", name="Take over")).to_have_count(0)
            look("ticks taken over")

    patients.book(desk, look, booking_site.taken)
    patients.come_back(desk, look, booking_site.links[1], booking_site)
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 52


def test_back_and_reload_show_the_confirmation_again(desk):
    come_to(desk, "consent")
    desk.get_by_label("I have read this, and I agree").check()
    go_on(desk)
    go_on(desk, "Book this appointment")
    desk.go_back()
    desk.reload()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")


def back_to(page: Page, *steps: str) -> None:
    """Press Back over the pages listed, each of which is in the history."""
    for step in steps:
        page.go_back()
        assert re.search(f"{BOOK}{step}/([?#].*)?$", page.url), f"{page.url} instead of {step}"
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_back_leads_over_errors_and_over_a_time_that_is_kept_longer(desk, booking_site):
    come_to(desk, "time")
    patients.lose_times(desk, lambda name: None, booking_site.taken)
    go_on(desk, "Choose this time")
    go_on(desk, "Keep my time for longer")
    expect(desk.get_by_role("alert")).to_be_focused()
    expect(desk.get_by_role("alert")).to_contain_text("We keep")
    desk.get_by_role("radio", name="Me", exact=True).check()
    go_on(desk)
    go_on(desk)
    patients.expect_errors(desk)
    patients.fill_in_you(desk)
    go_on(desk)
    desk.wait_for_url(f"**{BOOK}needs/")
    while "you" not in desk.url:
        desk.go_back()
    expect(desk.get_by_label("Full name")).to_have_value("Kim Example")
    expect(desk.get_by_role("alert")).to_have_count(0)
    while "you" in desk.url:  # the page itself, and each link of its summary
        desk.go_back()
    assert desk.url.endswith(f"{BOOK}who/?kept=yes")
    expect(desk.get_by_role("radio", name="Me", exact=True)).to_be_checked()
    back_to(desk, "who", "time")


def test_back_leads_over_the_page_about_too_many_bookings(desk):
    come_to(desk, "consent")
    desk.get_by_label("I have read this, and I agree").check()
    go_on(desk)
    desk.get_by_role("link", name="Change e-mail address").click()
    desk.get_by_label("Your e-mail address").fill("often@home.example")
    go_on(desk)
    go_on(desk, "Book this appointment")
    desk.get_by_role("link", name="Go on with the time that you have").click()
    back_to(desk, "too-many", "check", "you", "check")


@pytest.mark.looks
def test_a_walk_with_the_tab_key_passes_everything_of_a_patient_s_pages(desk, booking_site):
    desk.emulate_media(reduced_motion="reduce")
    desk.set_viewport_size(PHONE)
    come_to(desk, "time")
    desk.goto(booking_site.links[2])
    go_on(desk, "Open my appointment")
    for path in [f"{BOOK}how/", f"{BOOK}time/", OWN, f"{OWN}time/?with=any", f"{OWN}cancel/"]:
        desk.goto(path)
        stops = test_keyboard.walk(desk)
        assert [stop["name"] for stop in stops if not (stop["ring"] and stop["seen"])] == [], path
        assert len(stops) == test_keyboard.reachable(desk), path


def press_until(page: Page, selector: str) -> None:
    """Tab to an element, as a visitor without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector} on {page.url}")


def press_enter(page: Page, following: str) -> None:
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{BOOK}{following}/")


def test_the_whole_booking_by_keyboard(desk):
    desk.goto(f"{BOOK}about/")
    press_until(desk, "[name=condition]")
    desk.keyboard.press("ArrowUp")  # from the first to the last: not sure
    press_enter(desk, "how")
    press_until(desk, "[name=mode]")
    desk.keyboard.press("Space")
    press_enter(desk, "time")
    press_until(desk, "[name=slot]")
    press_enter(desk, "who")
    press_until(desk, "[name=booked_by]")
    desk.keyboard.press("Space")
    press_enter(desk, "you")
    press_until(desk, "[name=name]")
    for number, value in enumerate(["Kim Example", "29", "2", "1980", "keys@home.example", "01632 960 001"]):
        if number:
            desk.keyboard.press("Tab")
        desk.keyboard.type(value)
    press_enter(desk, "needs")
    press_until(desk, "[name=needs]")
    press_until(desk, "button.action")
    press_enter(desk, "why")
    press_until(desk, "[name=reason]")
    desk.keyboard.type("What does it mean?")
    press_until(desk, "button.action")
    press_enter(desk, "consent")
    press_until(desk, "[name=agree]")
    desk.keyboard.press("Space")
    press_enter(desk, "check")
    press_until(desk, "button.action")
    press_enter(desk, "done")


def test_an_appointment_is_opened_moved_and_cancelled_by_keyboard(desk, booking_site):
    desk.goto(booking_site.links[2])
    ways = {"button.action": "", f"a[href='{OWN}time/']": "time/", "a.slot": r"time/\d+/", "button[class=action]": ""}
    for way, following in ways.items():
        press_until(desk, f"main {way}")
        desk.keyboard.press("Enter")
        desk.wait_for_url(re.compile(f"{OWN}{following}$"))
    expect(desk.get_by_role("alert")).to_contain_text("has a new time")
    press_until(desk, f"a[href='{OWN}cancel/']")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**{OWN}cancel/")
    press_until(desk, "[name=why]")
    desk.keyboard.type("I am away.")
    press_until(desk, "button.action")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Your appointment is cancelled")


def test_the_questions_for_a_carer_are_hidden_until_they_apply(desk):
    come_to(desk, "who")
    expect(desk.get_by_label("Your own name")).to_be_hidden()
    desk.get_by_label("Somebody else").check()
    expect(desk.get_by_label("Your own name")).to_be_visible()
