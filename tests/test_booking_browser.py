"""Booking in a real browser: on a phone without JavaScript, by keyboard alone, and under axe on every page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.running import Site
from tests.test_accessibility import violations_in_every_look
from tests.test_reflow import assert_fits

PHONE = {"width": 320, "height": 640}
BOOK = "/second-opinion/book/"
# Two clinicians with times next week and, for the empty state, none for a while after.
TIMES = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from appointments.tests.factories import make_clinician, make_hours, make_slot, make_type
from appointments.models import AppointmentType, Slot
AppointmentType.objects.update(bookable_by_patients=False)
kind = make_type(name="Opinion of a specialist")
day = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=7)
for name in ["Dr Browser Ash", "Dr Browser Birch"]:
    hours = make_hours(types=[kind], clinician=make_clinician(name=name, credentials="MBBS"))
    for number in range(12):
        make_slot(hours=hours, starts=day + timedelta(days=number // 4, hours=number % 4))
"""


@pytest.fixture(scope="module")
def booking_site(changing_site: Site) -> Site:
    changing_site.run("-c", TIMES)
    return changing_site


@pytest.fixture
def phone(booking_site: Site, open_tab: Callable[..., Page]) -> Page:
    return open_tab(base_url=booking_site.url, viewport=PHONE, java_script_enabled=False)


@pytest.fixture
def desk(booking_site: Site, open_tab: Callable[..., Page]) -> Page:
    return open_tab(base_url=booking_site.url)


def go_on(page: Page, button: str = "Continue") -> None:
    page.get_by_role("main").get_by_role("button", name=button).first.click()


def fill_in_you(page: Page) -> None:
    page.get_by_label("Full name").fill("Kim Example")
    for part, value in [("Day", "29"), ("Month", "2"), ("Year", "1980")]:
        page.get_by_label(part, exact=True).fill(value)
    page.get_by_label("Your e-mail address").fill("kim@home.example")
    page.get_by_label("Your telephone number").fill("01632 960 001")


def tick_what_is_done(page: Page) -> None:
    """Two things on the public checklist, before there is a booking."""
    page.goto("/second-opinion/preparing/")
    for name in ["List all that you take", "Think about treatment options"]:
        page.get_by_role("checkbox", name=name).check()


# How each page is answered, in their order. The errors of each come from sending it as it is.
ANSWERS: list[tuple[str, Callable[[Page], object]]] = [
    ("about", lambda page: page.get_by_label("I am not sure").check()),
    ("how", lambda page: page.get_by_label("Video call").check()),
    ("time", lambda page: None),
    ("who", lambda page: page.get_by_role("radio", name="Me", exact=True).check()),
    ("you", fill_in_you),
    ("needs", lambda page: page.get_by_label("An interpreter is needed").check()),
    ("why", lambda page: page.get_by_label("What would you like to know?").fill("What does the report mean?")),
    ("consent", lambda page: page.get_by_label("I have read this, and I agree").check()),
]


def walk(page: Page, look: Callable[[str], object]) -> None:
    """Book from the first page to the confirmation, and look at every page in every state on the way."""
    page.goto(BOOK)
    look("start")
    page.get_by_role("link", name="Start now").click()
    for name, answer in ANSWERS:
        page.wait_for_url(f"**{BOOK}{name}/")
        look(name)
        if name in {"about", "how", "who", "you", "why", "consent"}:
            go_on(page)
            expect(page.get_by_role("alert")).to_contain_text("There is a problem")
            look(f"{name}, sent empty")
        answer(page)
        go_on(page, "Choose this time" if name == "time" else "Continue")
    page.wait_for_url(f"**{BOOK}check/")
    look("check")
    go_on(page, "Book this appointment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    look("booked")


def test_a_patient_books_on_a_narrow_phone_without_javascript(phone):
    walk(phone, lambda name: assert_fits(phone))
    expect(phone.get_by_text("kim@home.example")).to_be_visible()
    phone.go_back()
    phone.reload()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    go_on(phone, "Let this device forget this page")
    expect(phone.get_by_role("heading", level=1)).to_have_text("This device has forgotten your answers")
    assert_fits(phone)


def test_axe_finds_nothing_on_any_page_of_the_booking(desk):
    found = {}
    tick_what_is_done(desk)

    def look(name: str) -> None:
        found[name] = violations_in_every_look(desk)

    walk(desk, look)
    go_on(desk, "Take over the 2 things that you have ticked")
    expect(desk.get_by_text("Marked as done in your list: 2 of 9.")).to_be_visible()
    expect(desk.get_by_role("button", name="Take over")).to_have_count(0)
    look("ticks taken over")
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 18


def come_to(page: Page, step: str) -> None:
    """Answer every page before this one."""
    page.goto(f"{BOOK}about/")
    for name, answer in ANSWERS[: [name for name, _ in ANSWERS].index(step)]:
        answer(page)
        go_on(page, "Choose this time" if name == "time" else "Continue")


def test_axe_finds_nothing_where_no_time_is_free(desk):
    come_to(desk, "time")
    desk.goto(f"{BOOK}time/?from=2999-01-01&zone=Asia/Tokyo")
    expect(desk.get_by_text("There is no free time on these days.")).to_be_visible()
    assert violations_in_every_look(desk) == []


def press_until(page: Page, selector: str) -> None:
    """Tab to an element, as somebody without a mouse does."""
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


def test_an_error_takes_the_reader_to_its_summary_and_on_to_the_field(desk):
    desk.goto(f"{BOOK}about/")
    go_on(desk)
    expect(desk.get_by_role("alert")).to_be_focused()
    desk.get_by_role("link", name="Choose a condition, or say that you are not sure.").click()
    expect(desk.get_by_role("radio").first).to_be_focused()


def test_what_a_carer_answers_waits_until_it_is_asked_for(desk):
    come_to(desk, "who")
    expect(desk.get_by_label("Your own name")).to_be_hidden()
    desk.get_by_label("Somebody else").check()
    expect(desk.get_by_label("Your own name")).to_be_visible()
