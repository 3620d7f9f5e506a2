"""The scenes of the README's pictures: two members of staff and a patient use a demonstration site in a browser.

The scenes find their way by visible words, and by links and codes in e-mails, without any part of the code.
"""

import base64
import hmac
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from demonstration import Site

DESK, PHONE = {"width": 1080, "height": 750}, {"width": 390, "height": 844}
PASSWORD = "four quiet brown kettles"  # noqa: S105 (of a site that is thrown away)
CREDENTIALS = "MBBS, FRCR"
STAFF_ADDRESS, PATIENT_ADDRESS = "ashe@clinic.example", "kim@home.example"
CLINICIAN = {
    "First name": "Robin",
    "Last name": "Ashe",
    "E-mail address": STAFF_ADDRESS,
    "User name": "ashe",
    "Credentials": CREDENTIALS,
}
PATIENT = {
    "Full name": "Kim Example",
    "Day": "29",
    "Month": "2",
    "Year": "1980",
    "Your e-mail address": PATIENT_ADDRESS,
    "Your telephone number": "01632 960 001",
}
# The patients of the day, in the order of its free times, with how each of them is seen.
PATIENTS_TODAY = {
    "Ada Marsh": "In person",
    "Kofi Reed": "Video call",
    "Li Wei": "Telephone call",
    "Grace Hollis": "Video call",
    "Omar Field": "Telephone call",
}
SUMMARY = (
    "Calcified lesions are spots in the body where calcium has built up. Some only need to be watched. Others need "
    "treatment, which depends on the cause and the place."
)
SENTENCE = "Ask for a copy of each scan, and bring it with you."
OPINION = {
    "What you found": "The scan shows two small spots of calcium. They have not grown since March.",
    "What the first opinion says": "The first doctor advises an operation.",
    "What you say": "We advise to wait. The spots are small, and they press on nothing.",
    "What to do next": "Have another scan in six months.",
    "Treatment": "Watching and waiting",
    "Benefits": "No risk from an operation.",
    "Risks": "The spots may grow.",
    "What to expect": "Nothing changes for most people.",
    "Answer": "Most do not.",
}
TODAY = "/admin/appointments/appointment/work/today/"
PREPARATION, OPINION_PAGE = "/appointment/preparation/", "/appointment/opinion/"


@dataclass
class Cast:
    """The site, and a tab for each person: an administrator, a clinician, and a patient on a telephone."""

    site: Site
    admin: Page
    clinician: Page
    patient: Page


def open_tabs(site: Site, browser: Browser) -> Cast:
    """Sign in the administrator, who invites Dr Demo Ashe; sign in Dr Demo Ashe."""
    settings = {"base_url": site.url, "locale": "en-GB", "reduced_motion": "reduce", "device_scale_factor": 2}
    admin, clinician, patient = (browser.new_page(viewport=size, **settings) for size in (DESK, DESK, PHONE))
    admin.goto("/admin/")
    sign_in(admin, site, "admin", site.password)
    invite_clinician(admin)
    accept_invitation(clinician, site)
    return Cast(site, admin, clinician, patient)


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).first.click()


def follow(page: Page, link: str | re.Pattern) -> None:
    page.get_by_role("main").get_by_role("link", name=link).first.click()


def proceed(page: Page, button: str = "Continue") -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button).first.click()


def fill(page: Page, fields: dict[str, str]) -> None:
    for label, words in fields.items():
        page.get_by_label(label).first.fill(words)


def sign_in(page: Page, site: Site, name: str, password: str) -> None:
    """Sign in for the first time, and set up an app as the second factor."""
    fill(page, {"User name": name, "Password": password})
    press(page, "Sign in")
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Code from the app").fill(code_of(page.locator("#key").inner_text(), site.time()))
    press(page, "Set up this app")
    page.get_by_role("link", name="I have them").click()


def code_of(key: str, seconds: float) -> str:
    """The code of an authenticator app at a time (RFC 6238)."""
    key = key.replace(" ", "")
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    digest = hmac.digest(secret, struct.pack(">Q", int(seconds) // 30), "sha1")
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**6:06}"


def invite_clinician(page: Page) -> None:
    page.goto("/admin/auth/user/add/")
    fill(page, CLINICIAN)
    for role in ["Clinical reviewer:", "Clinician:"]:
        page.get_by_label(role).check()
    press(page, "Add and send the invitation")
    page.goto("/admin/appointments/clinician/")
    page.get_by_role("link", name="Dr Demo Ashe").click()
    page.get_by_label("Staff account").select_option(label="ashe")
    fill(page, {"Credentials": CREDENTIALS})
    press(page, "Save")


def accept_invitation(page: Page, site: Site) -> None:
    page.goto(find(r"http\S+/admin/\S+", site.mail_to(STAFF_ADDRESS, "Set your password")))
    for field in page.locator("[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").click()
    follow(page, "Sign in")
    sign_in(page, site, "ashe", PASSWORD)


def find(pattern: str, text: str) -> str:
    return re.search(pattern, text, re.MULTILINE)[0]


def show_from_heading(page: Page, heading: str) -> Page:
    """Scroll to the page's heading, so that its content fills a telephone's screen."""
    page.get_by_role("heading", level=1, name=heading).wait_for()
    page.evaluate("scrollTo(0, document.querySelector('h1').getBoundingClientRect().top + scrollY - 24)")
    return page


def hide_sidebar(page: Page) -> Page:
    page.get_by_role("button", name="Toggle navigation").click()
    page.evaluate("scrollTo(0, 0)")
    return page


def read_condition(cast: Cast) -> Page:
    cast.patient.goto("/conditions/calcified-lesions/")
    return cast.patient


def choose_time(cast: Cast) -> Page:
    """From the condition's page to the free times."""
    page = cast.patient
    for link in ["Get a second opinion", "Book a second opinion", "Start now"]:
        follow(page, link)
    proceed(page)
    page.get_by_label("Video call").check()
    proceed(page)
    return show_from_heading(page, "Choose a time")


def prepare(cast: Cast) -> Page:
    """Book the first time of Dr Demo Ashe, come back by the e-mail's link, and do some of the list."""
    page = cast.patient
    finish_booking(page)
    page.goto(find(r"http\S+/appointment/\S+", cast.site.mail_to(PATIENT_ADDRESS, "Your appointment on")))
    proceed(page, "Open my appointment")
    follow(page, "Get ready")
    proceed(page, "E-mail me a code")
    code = find(r"^\d{6}\b", cast.site.mail_to(PATIENT_ADDRESS, "Your code"))
    page.get_by_label("The code in our e-mail").fill(code)
    proceed(page)
    add_to_list(page, "Write down your medical history", "An illness or diagnosis", {"Its name": "Asthma"})
    proceed(page, "Mark as done")
    add_to_list(page, "Choose the questions you want to ask", "", {"Your question": "Will it grow?"})
    proceed(page, "Mark as done")
    add_to_list(page, "List your symptoms", "A symptom", {"What you feel": "A stiff shoulder", "Since when": "March"})
    page.goto(PREPARATION)
    return show_from_heading(page, "Get ready for your appointment")


def finish_booking(page: Page) -> None:
    page.get_by_role("button", name="Dr Demo Ashe").first.click()
    page.get_by_role("radio", name="Me", exact=True).check()
    proceed(page)
    fill(page, PATIENT)
    proceed(page)
    proceed(page)
    page.get_by_label("What would you like to know?").fill("Do I need the operation that I was offered?")
    proceed(page)
    page.get_by_label("I have read this, and I agree").check()
    proceed(page)
    proceed(page, "Book this appointment")
    page.get_by_role("heading", name="Your appointment is booked").wait_for()


def add_to_list(page: Page, task: str, kind: str, fields: dict[str, str]) -> None:
    page.goto(PREPARATION)
    follow(page, task)
    follow(page, re.compile("^Add "))
    if kind:
        page.get_by_role("radio", name=kind, exact=True).check()
    fill(page, fields)
    proceed(page, "Save")
    page.get_by_role("alert").get_by_text("Saved.").wait_for()


def compare_editions(cast: Cast) -> Page:
    """A change that waits for review, as its reviewer sees it."""
    page = cast.admin
    page.goto("/admin/conditions/condition/")
    page.get_by_role("link", name="Calcified lesions", exact=True).click()
    page.get_by_label("Summary").fill(SUMMARY)
    page.locator("#sections-0 [contenteditable=true]").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(f" {SENTENCE}")
    press(page, "Save and send for review")
    fill(page, {"Note to the reviewer": "A plainer word, and a sentence about scans."})
    press(page, "Send for review")
    page.get_by_text("waits for review").first.wait_for()
    page = cast.clinician
    page.goto("/admin/")
    follow(page, re.compile("^Review"))
    page.locator("ins").first.wait_for()
    return hide_sidebar(page)


def receive_patients(cast: Cast) -> Page:
    """Today's list, on which one patient has arrived."""
    page = cast.admin
    for number, (name, mode) in enumerate(PATIENTS_TODAY.items(), start=2):
        page.goto("/admin/appointments/appointment/calendar/")
        follow(page, "Book for a patient")
        page.get_by_label("Kind of appointment").select_option("Second opinion")
        page.get_by_label(mode).check()
        address = f"{name.split()[0].lower()}@home.example"
        fill(page, {"Name of the patient": name, "E-mail": address, "Telephone:": f"01632 960 00{number}"})
        page.get_by_label("I have read the consent").check()
        press(page, "Book it")
        page.get_by_text("Booked.").first.wait_for()
    page.goto(TODAY)
    page.get_by_role("button", name=re.compile("^Arrived.*Ada Marsh")).click()
    page.get_by_text("is marked: Arrived").wait_for()
    page.goto(TODAY)
    return hide_sidebar(page)


def read_opinion(cast: Cast) -> Page:
    """Have the opinion written, signed and released, and open it."""
    page = cast.clinician
    page.goto("/admin/")
    for link in ["Find an appointment", "Kim Example", "Opinion"]:
        follow(page, link)
    press(page, "Start writing")
    for label, words in OPINION.items():
        page.get_by_label(f"{label}:", exact=True).first.fill(words)
    page.get_by_label("We agree in part").check()
    page.get_by_label("Answered", exact=True).check()
    for button in ["Save, check and sign", "Sign it", "Release version 1 to the patient"]:
        press(page, button)
    page.get_by_text("The patient can read it now.").wait_for()
    cast.patient.goto(OPINION_PAGE)
    return show_from_heading(cast.patient, "Your written opinion")


# By the name of the picture, in the order of the story: a scene may need those before it.
SCENES: dict[str, Callable[[Cast], Page]] = {
    "condition": read_condition,
    "booking": choose_time,
    "preparation": prepare,
    "comparison": compare_editions,
    "day": receive_patients,
    "opinion": read_opinion,
}
