"""The whole journey of one patient in a browser: from a condition page to an opinion, a recovery and a follow-up.

Kim has a narrow telephone. Bo is the clinician, Bea books for patients. Every medical word that is typed has `CANARY`
in it, and no e-mail may contain it.
"""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from appointments.documents.tests import hostile
from tests import caring, patients
from tests.caring import Clinic, Inbox
from tests.looks.test_reflow import assert_fits
from tests.patients import go_on

CANARY = "nightjar"
PHONE = {"width": 320, "height": 640}
ADDRESS = "kim@home.example"
PICTURE = {"name": f"{CANARY}.png", "mimeType": "image/png", "buffer": hostile.picture("PNG")}
BY_STAFF, BY_KIM = "A talk with Dr Birch", "A look at the scar"  # the follow-ups, by the user who books them
QUESTION = f"Will it grow, {CANARY}?"
# For each tool that keeps a list: the button to add to it, and the values of the fields.
LISTS = {
    "Write down your medical history": ("Add an illness, operation or allergy", {"Its name": f"Asthma {CANARY}"}),
    "List your symptoms and worries": (
        "Add a symptom or a worry",
        {"What you feel": f"A stiff arm {CANARY}", "Since when": "March", "How bad": "4", "What helps": "Warmth"},
    ),
    "Choose the questions you want to ask": ("Add a question", {"Your question": QUESTION}),
    "List all that you take": (
        "Add a medicine, supplement or vitamin",
        {"Its name": f"Vitamin D {CANARY}", "How much": "One a day", "What it is for": "Bones"},
    ),
    "Think about treatment options": ("Add a treatment", {"The treatment": f"Watching it {CANARY}"}),
}
OPINION = {
    "What you found": f"Two small spots, {CANARY}.",
    "What the first opinion says": f"To operate, {CANARY}.",
    "What you say": f"We advise to wait, {CANARY}.",
    "What to do next": f"Another scan in June, {CANARY}.",
    "Treatment": f"Watching and waiting {CANARY}",
    "Benefits": "No risk from an operation.",
    "Risks": "It may grow.",
    "What to expect": "Nothing changes for most people.",
}


@pytest.fixture
def clinic(changing_site) -> Iterator[Clinic]:
    with caring.clinic_at_work(changing_site) as clinic:
        yield clinic


@pytest.fixture
def kim(clinic: Clinic, open_tab: Callable[..., Page]) -> Page:
    return open_tab(base_url=clinic.site.url, viewport=PHONE)


@pytest.fixture
def at_desk(clinic: Clinic, open_tab: Callable[..., Page]) -> Callable[[str], Page]:
    def opened(session: str) -> Page:
        page = open_tab(base_url=clinic.site.url)
        page.context.add_cookies([clinic.site.session_cookie | {"value": session}])
        page.goto("/admin/")
        return page

    return opened


def follow(page: Page, link: str | re.Pattern, heading: str = "") -> None:
    """Follow a link of the page, which fits on the telephone, and expect `heading` on the next page."""
    assert_fits(page)
    page.get_by_role("main").get_by_role("link", name=link).first.click()
    if heading:
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def read_about_it_and_tick(page: Page) -> None:
    page.goto("/conditions/calcified-lesions/")
    follow(page, "How to prepare: a checklist", "How to prepare")
    for name in ["List all that you take", "Get ready for tests"]:
        page.get_by_role("checkbox", name=name).check()
    follow(page, "Get a second opinion", "second opinion")
    follow(page, "Book a second opinion", "Book a second opinion")
    follow(page, "Start now")


def book(page: Page) -> None:
    """Answer every question, book, and have the ticks taken over."""
    for name, answer in patients.ANSWERS:
        page.wait_for_url(f"**{patients.BOOK}{name}/**")
        assert_fits(page)
        if name == "about":
            expect(page.get_by_label("Calcified lesions")).to_be_checked()
        elif name == "why":
            page.get_by_label("What would you like to know?").fill(f"What is it? {CANARY}")
        else:
            answer(page)
        go_on(page, "Choose this time" if name == "time" else "Continue")
    go_on(page, "Book this appointment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    go_on(page, "Take over the 2 things that you have ticked")
    expect(page.get_by_text("Marked as done in your list: 2 of 9.")).to_be_visible()
    assert_fits(page)


def come_in(page: Page, inbox: Inbox, subject: str, way: str) -> None:
    """Enter by the link of a message, go `way`, and enter the code."""
    page.context.clear_cookies()
    page.goto(inbox.link(subject))
    go_on(page, "Open my appointment")
    follow(page, way, "First, we send you a code")
    go_on(page, "E-mail me a code")
    page.get_by_label("The code in our e-mail").fill(inbox.code())
    go_on(page)


def prepare(page: Page) -> None:
    """Complete each of the nine tasks with its tool, from the list and back to it."""
    expect(page.get_by_text("1 of 9 done")).to_be_visible()  # of two ticks one: there are new instructions to read
    for title, (button, fields) in LISTS.items():
        open_task(page, title)
        follow(page, button)
        write(page, fields)
        finish(page, title)
    open_task(page, "Collect your records and images")
    send_picture(page)
    finish(page, "Collect your records and images")
    open_task(page, "Get ready for tests")
    expect(page.get_by_text(f"Eat nothing, {CANARY}.")).to_be_visible()
    finish(page, "Get ready for tests")
    open_task(page, "Book your visits")
    page.get_by_label("I have asked for one").check()
    write(page, {"Who referred you": f"Dr Family {CANARY}"})
    finish(page, "Book your visits")
    open_task(page, "Find out which specialist")
    write(page, {"Kind of specialist": f"Rheumatology {CANARY}"})
    finish(page, "Find out which specialist")
    expect(page.get_by_text("9 of 9 done")).to_be_visible()


def open_task(page: Page, title: str) -> None:
    follow(page, title)


def write(page: Page, fields: dict[str, str]) -> None:
    assert_fits(page)
    first = page.get_by_role("radio").first
    if first.is_visible() and not page.get_by_role("radio", checked=True).count():
        first.check()
    for label, words in fields.items():
        page.get_by_label(re.compile(f"^{re.escape(label)}")).fill(words)
    go_on(page, "Save")
    expect(page.get_by_role("alert")).to_have_text("Saved.")


def send_picture(page: Page) -> None:
    page.get_by_label("Choose your files").set_input_files([PICTURE])
    page.get_by_label("I agree that you keep the files").check()
    go_on(page, "Send")
    expect(page.locator(".documents > li")).to_have_count(1)


def finish(page: Page, title: str) -> None:
    """Mark a task as done, unless it is, and return to the list."""
    button = page.get_by_role("main").get_by_role("button", name="Mark as done", exact=False).first
    if button.is_visible():
        button.click()
    else:
        follow(page, "Back to your list of things to do")
    expect(page.get_by_role("heading", level=1)).to_have_text("Get ready for your appointment")


def instruct(desk: Page) -> None:
    """From the readiness board to the visit pack, and tell the patient how to get ready for a test."""
    follow(desk, "Who is ready", "Ready for the next 7 days?")
    expect(desk.get_by_role("listitem").filter(has_text="Kim Example").first).to_contain_text("List: 2 of 9 done")
    follow(desk, re.compile("^Visit pack"), "Visit pack")
    desk.get_by_label("Test:", exact=True).fill(f"Blood test {CANARY}")
    desk.get_by_label("What to do:", exact=True).fill(f"Eat nothing, {CANARY}.")
    go_on(desk, "Add them")
    expect(desk.get_by_text("The patient sees it in their preparation.")).to_be_visible()


def look_at_the_pack(page: Page) -> None:
    """All entries are on one page."""
    follow(page, "See your visit pack", "Your visit pack")
    for words in [QUESTION, "Asthma", "A stiff arm", "Vitamin D", "Watching it", "Dr Family", "Rheumatology", "Blood"]:
        expect(page.get_by_role("article")).to_contain_text(words)
    expect(page.get_by_role("article")).to_contain_text(PICTURE["name"])
    assert_fits(page)


def open_the_picture(desk: Page) -> None:
    with desk.expect_download() as saving:
        follow(desk, PICTURE["name"])
    assert saving.value.path().read_bytes() == PICTURE["buffer"]


def answer_and_write(desk: Page) -> None:
    """After the appointment: the board is empty, today's list has the patient, and the opinion follows from
    the pack.
    """
    desk.goto("/admin/")
    follow(desk, "Find an appointment")
    follow(desk, "Kim Example", "Kim Example")
    follow(desk, "Visit pack", "Visit pack")
    open_the_picture(desk)
    desk.get_by_label("Answered", exact=True).check()
    desk.get_by_label("Answer:", exact=True).fill(f"Most do not, {CANARY}.")
    go_on(desk, "Save the answers")
    expect(desk.get_by_text("The answers are saved.")).to_be_visible()
    follow(desk, "Opinion", "Opinion")
    go_on(desk, "Start writing")
    for label, words in OPINION.items():
        desk.get_by_label(f"{label}:", exact=True).first.fill(words)
    desk.get_by_label("We agree in part").check()
    go_on(desk, "Save, check and sign")
    go_on(desk, "Sign it")
    go_on(desk, "Release version 1 to the patient")
    expect(desk.get_by_text("The patient can read it now.")).to_be_visible()


def read_the_opinion(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Your written opinion")
    for words in [*OPINION.values(), QUESTION, f"Most do not, {CANARY}."]:
        expect(page.get_by_role("main")).to_contain_text(words)
    expect(page.get_by_text("Signed by Dr Bo Birch, MBBS, FRCR")).to_be_visible()
    assert_fits(page)


def start_recovery(desk: Page) -> None:
    """From the opinion to a plan with the clinic's guidance and two follow-ups."""
    follow(desk, "Recovery", "Recovery")
    follow(desk, "Start a recovery plan")
    desk.get_by_label("An operation").check()
    go_on(desk, "Continue")
    desk.get_by_label("Your own advice to this patient").fill(f"Mind the left arm, {CANARY}.")
    desk.get_by_label("Day of the treatment").fill(desk.evaluate("new Date().toLocaleDateString('en-CA')"))
    for row, what in enumerate([BY_STAFF, BY_KIM], start=1):
        follow_up = desk.get_by_role("group", name=re.compile(f"follow-ups, row {row}"))
        day = f"new Date(Date.now() + {14 * row} * 864e5).toLocaleDateString('en-CA')"
        follow_up.get_by_label("Around which day").fill(desk.evaluate(day))
        follow_up.get_by_label("What for").fill(what)
    go_on(desk, "Start the plan")
    expect(desk.get_by_text("The plan is there for the patient.")).to_be_visible()


def check_in(page: Page, heading: str, *labels: str) -> None:
    follow(page, "Tell us how you are", "How are you?")
    for label in labels:
        page.get_by_label(label, exact=True).check()
    page.get_by_label("Anything else?").fill(f"It throbs, {CANARY}")
    go_on(page, "Send, and see what to do")
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert_fits(page)


def recover(page: Page) -> None:
    """Read the guidance of today, be better, and then worse."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery plan")
    today = page.get_by_role("region", name="Today")
    for words in [f"Mind the left arm, {CANARY}.", "Sleep when you are tired.", "What is normal"]:
        expect(today).to_contain_text(words)
    check_in(page, "Thank you for telling us", "Better", "3")
    follow(page, "Look at your recovery plan", "Your recovery plan")
    check_in(page, "Telephone us now", "Worse")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("^Calcsite Clinic, 01632"))).to_be_visible()
    follow(page, "Look at your recovery plan", "Your recovery plan")
    check_in(page, "Call 999 now", "blood keeps coming from a wound, although you press on it")


def telephone_and_book(desk: Page) -> None:
    """The booking coordinator sees the alarms first, deals with both, and books a follow-up from there."""
    expect(desk.locator("#waits ~ ul > li").first).to_contain_text("Telephone now")
    follow(desk, "Telephone now: worse, or a sign of danger")
    expect(desk.get_by_text("blood keeps coming")).to_be_visible()
    follow(desk, re.compile("^Open.*Kim Example"), "Recovery")
    for left in (1, 0):
        follow(desk, re.compile("^Say what you have done"), "A check-in to deal with")
        desk.get_by_label("What have you done?").fill(f"Telephoned: better now, {CANARY}.")
        go_on(desk, "Take it off the list")
        expect(desk.get_by_role("link", name=re.compile("^Say what you have done"))).to_have_count(left)
    follow(desk, re.compile(f"^Book it.*{BY_STAFF}"), "Book a follow-up")
    desk.get_by_text("The consent, to read to the patient").click()
    desk.get_by_role("radio").first.check()
    desk.get_by_label("I have read the consent to the patient").check()
    go_on(desk, "Book it")
    expect(desk.get_by_text("Booked. The reference is")).to_be_visible()


def book_a_follow_up(page: Page) -> None:
    """The steps of every booking, from the plan and back to it: known answers are filled in, and the others asked."""
    follow(page, "Look at your recovery plan", "Your recovery plan")
    go_on(page, f"Choose a time for {BY_KIM}")
    page.wait_for_url(f"**{patients.BOOK}how/")
    expect(page.get_by_label("Video call")).to_be_checked()
    expect(page.get_by_role("main")).to_contain_text(f"Your follow-up: {BY_KIM}, around")
    assert_fits(page)
    go_on(page)
    go_on(page, "Choose this time")
    page.wait_for_url(f"**{patients.BOOK}why/")
    page.get_by_label("What would you like to know?").fill(f"Has it healed? {CANARY}")
    go_on(page)
    page.get_by_label("I have read this, and I agree").check()
    go_on(page)
    for words in ["Kim Example", "29 February 1980", ADDRESS, "01632 960 001"]:
        expect(page.get_by_role("main")).to_contain_text(words)
    assert_fits(page)
    go_on(page, "Book this appointment")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    follow(page, "Back to your recovery plan", "Your recovery plan")


def test_a_patient_prepares_gets_the_opinion_and_recovers(clinic, kim, at_desk):
    inbox, bo = Inbox(clinic, ADDRESS), at_desk(clinic.clinician)
    read_about_it_and_tick(kim)
    book(kim)
    instruct(bo)
    come_in(kim, inbox, "Your appointment on", "Get ready")
    prepare(kim)
    look_at_the_pack(kim)
    clinic.let_the_appointment_pass()
    answer_and_write(bo)
    come_in(kim, inbox, "There is something for you to read", "Read your opinion")
    read_the_opinion(kim)
    start_recovery(bo)
    come_in(kim, inbox, "Your plan is ready", "Your recovery plan")
    recover(kim)
    telephone_and_book(at_desk(clinic.coordinator))
    book_a_follow_up(kim)
    expect(kim.get_by_role("region", name="When we see you again").get_by_text("It is booked.")).to_have_count(2)
    inbox.next("Your appointment on")
    come_in(kim, inbox, "Your appointment on", "Get ready")
    expect(kim.get_by_role("heading", level=1)).to_contain_text("Get ready")
    assert CANARY not in inbox.everything()
