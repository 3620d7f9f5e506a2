"""Patients in a browser: a site with free times and appointments, and the ways through every page and state of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.running import Site

BOOK, OWN = "/second-opinion/book/", "/appointment/"
# Two clinicians with times next week and, for the empty state, none for a while after. Four patients with appointments
# later on, and an offer of an earlier time to the last one. An address that can book no more today.
PREPARE = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from appointments.access import links
from appointments.booking import booking, waiting_list
from appointments.models import AppointmentType, Offer
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot, make_type
AppointmentType.objects.update(bookable_by_patients=False)
appointment_type = make_type(name="Opinion of a specialist")
day = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=7)
for name in ["Dr Browser Ash", "Dr Browser Birch"]:
    hours = make_hours(types=[appointment_type], clinician=make_clinician(name=name, credentials="MBBS"))
    for number in range(16):
        make_slot(hours=hours, starts=day + timedelta(days=number // 4, hours=number % 4))
for number in range(4):
    slot = make_slot(hours=hours, starts=day + timedelta(days=20, hours=number))
    appointment = make_appointment(slot=slot)
    print("Link:", links.make_link(appointment), slot.pk)
waiting_list.join(appointment=appointment)
Offer.objects.all().delete()
assert waiting_list.offer_freed() == 1
while booking.may_book("often@home.example"):
    pass
"""
Look = Callable[[str], object]


@dataclass
class Patients:
    """A site, the links of three patients, that of one with an offer, and a time that is taken."""

    site: Site
    links: list[str]
    offered: str
    taken: str


def prepare(site: Site) -> Patients:
    found = re.findall(r"Link: (\S+) (\d+)", site.run("-c", PREPARE))
    links = [f"{OWN}{token}/" for token, _ in found]
    return Patients(site, links[:3], links[3], found[3][1])


def go_on(page: Page, button: str = "Continue") -> None:
    page.get_by_role("main").get_by_role("button", name=button).first.click()


def expect_errors(page: Page) -> None:
    """Expect an error in the page's title and at the focus, with a link to each field."""
    expect(page).to_have_title(re.compile("^Error: "))
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(summary).to_be_focused()
    for link in summary.get_by_role("link").all():
        link.click()
        expect(page.locator(link.get_attribute("href"))).to_be_focused()


def fill_in_you(page: Page) -> None:
    page.get_by_label("Full name").fill("Kim Example")
    for part, value in [("Day", "29"), ("Month", "2"), ("Year", "1980")]:
        page.get_by_label(part, exact=True).fill(value)
    page.get_by_label("Your e-mail address").fill("kim@home.example")
    page.get_by_label("Your telephone number").fill("01632 960 001")


# The answers to each page, in order. Submitting a page empty gives its errors.
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
CAN_BE_WRONG = {"about", "how", "who", "you", "why", "consent"}


def come_to(page: Page, step: str) -> None:
    """Answer every page before this one."""
    page.goto(f"{BOOK}about/")
    for name, answer in ANSWERS[: [name for name, _ in ANSWERS].index(step)]:
        answer(page)
        go_on(page, "Choose this time" if name == "time" else "Continue")


def book(page: Page, look: Look, taken: str) -> None:
    """Book from the first page to the confirmation, and look at every page in every state on the way."""
    page.goto(BOOK)
    look("start")
    page.get_by_role("link", name="Start now").click()
    for name, answer in ANSWERS:
        page.wait_for_url(re.compile(f"{BOOK}{name}/"))  # the fragment of an error's link may follow
        look(name)
        if name in CAN_BE_WRONG:
            go_on(page)
            expect_errors(page)
            look(f"{name}, sent empty")
        {"time": lose_times, "who": forget_the_carer}.get(name, lambda *_: None)(page, look, taken)
        answer(page)
        go_on(page, "Choose this time" if name == "time" else "Continue")
    page.wait_for_url(re.compile(f"{BOOK}check/"))
    look("check")
    book_too_often(page, look)
    go_on(page, "Book this appointment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    look("booked")
    page.goto(BOOK)
    look("start, booked")
    page.get_by_role("link", name="See what you booked").click()
    go_on(page, "Let this device forget this page")
    expect(page.get_by_role("heading", level=1)).to_have_text("This device has forgotten your answers")
    look("forgotten")


def lose_times(page: Page, look: Look, taken: str) -> None:
    """A time taken by another patient, days without any, and a start page that knows the unfinished booking."""
    page.locator("button.slot").first.evaluate(f"button => {{ button.value = '{taken}' }}")
    page.locator("button.slot").first.click()
    expect(page.get_by_role("alert")).to_contain_text("That time has gone")
    expect(page.get_by_role("alert")).to_be_focused()
    look("time, gone")
    page.goto(f"{BOOK}time/?from=2999-01-01&zone=Asia/Tokyo")
    expect(page.get_by_text("There is no free time on these days.")).to_be_visible()
    look("time, none free")
    page.goto(BOOK)
    look("start, under way")
    page.get_by_role("link", name="Carry on where I was").click()


def forget_the_carer(page: Page, look: Look, taken: str) -> None:
    page.get_by_label("Somebody else").check()
    go_on(page)
    expect_errors(page)
    look("who, a carer without a name")


def book_too_often(page: Page, look: Look) -> None:
    """Change the address to one that has booked too often, and back; meanwhile the hold is extended."""
    for address in ["often@home.example", "kim@home.example"]:
        page.goto(f"{BOOK}check/")
        page.get_by_role("link", name="Change e-mail address").click()
        page.get_by_label("Your e-mail address").fill(address)
        go_on(page)
        go_on(page, "Keep my time for longer" if address.startswith("kim") else "Book this appointment")
        page.wait_for_url(re.compile(r"check/\?kept" if address.startswith("kim") else "too-many/"))
        look("check, kept for longer" if address.startswith("kim") else "too many bookings")


def come_back(page: Page, look: Look, link: str, patients: Patients) -> None:
    """The actions of a patient after booking, with every page in every state on the way."""
    page.goto(OWN)
    look("link needed")
    page.goto(f"{OWN}{'x' * 43}/")
    look("link dead")
    page.goto(link)
    look("arrive")
    go_on(page, "Open my appointment")
    look("appointment")
    move(page, look, patients.taken)
    wait_for_an_earlier_time(page, look)
    confirm(page, look)
    page.goto(OWN)
    go_on(page, "Close my appointment")
    look("closed")
    page.goto(patients.offered)
    go_on(page, "Open my appointment")
    answer_late(page, look)
    page.goto(link)
    go_on(page, "Open my appointment")
    cancel(page, look)
    ask_for_the_link(page, look)


def move(page: Page, look: Look, taken: str) -> None:
    page.get_by_role("link", name="Choose another time").click()
    look("times")
    page.goto(f"{OWN}time/?from=2999-01-01")
    look("times, none free")
    page.goto(f"{OWN}time/{taken}/")
    expect_errors(page)
    look("move, somebody was faster")
    page.get_by_role("link", name="Show the times of all our specialists").click()
    look("times of everybody")
    page.locator("a.slot").last.click()
    look("move")
    go_on(page, "Move my appointment")
    expect(page.get_by_role("alert")).to_contain_text("has a new time")
    expect(page.get_by_role("alert")).to_be_focused()
    look("moved")


def wait_for_an_earlier_time(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Tell me if an earlier time comes free").click()
    look("waiting list")
    go_on(page, "Tell me about earlier times")
    look("appointment, on the list")
    page.get_by_role("link", name="Leave the list").click()
    look("waiting list, on it")
    page.goto(f"{OWN}offer/")
    look("no offer")


def confirm(page: Page, look: Look) -> None:
    page.goto(OWN)
    go_on(page, "E-mail me a code")
    look("code")
    go_on(page)
    expect_errors(page)
    look("code, sent empty")
    for _ in range(5):  # one above the hourly limit
        go_on(page, "E-mail me a new code")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many tries")
    look("too many tries")


def answer_late(page: Page, look: Look) -> None:
    page.goto(f"{OWN}offer/")
    look("offer")
    page.locator("[name=offer]").evaluate("field => { field.value = '0' }")
    go_on(page, "Take the earlier time")
    expect_errors(page)
    look("offer, too late")


def cancel(page: Page, look: Look) -> None:
    page.get_by_role("link", name="Cancel the appointment").click()
    look("cancel")
    page.get_by_label("Why are you cancelling?").evaluate(
        "field => { field.removeAttribute('maxlength'); field.value = 'word '.repeat(80) }"
    )
    go_on(page, "Cancel my appointment")
    expect_errors(page)
    look("cancel, with too long a reason")
    page.get_by_label("Why are you cancelling?").fill("I am away.")
    go_on(page, "Cancel my appointment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is cancelled")
    look("cancelled")


def ask_for_the_link(page: Page, look: Look) -> None:
    page.goto(f"{OWN}link/")
    look("send my link")
    go_on(page, "Send me my link")
    expect_errors(page)
    look("send my link, sent empty")
    page.get_by_label("Your e-mail address").fill("nobody@home.example")
    go_on(page, "Send me my link")
    look("link sent")
