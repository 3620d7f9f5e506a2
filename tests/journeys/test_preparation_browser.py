"""Preparation in a real browser without the site's JavaScript: every page under axe; and by keyboard."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_booking_browser import press_until
from tests.looks.test_accessibility import violations_on_a_journey
from tests.looks.test_reflow import assert_fits
from tests.running import Site

# A booking for each test, with a task for each tool; its link, and a code for it.
BOOKINGS = """
import django
django.setup()
from appointments.access import links
from appointments.models import ChecklistItem
from appointments.preparation.tests.makers import make_preparing
from conditions.models import Condition
ChecklistItem.objects.all().delete()  # the starter's: its words may change
for _ in range(3):
    appointment = make_preparing(condition=Condition.objects.get(slug="calcified-lesions"))
    print("Way in:", links.make_link(appointment), links.make_code(appointment))
"""


@pytest.fixture(scope="module")
def ways_in(changing_site: Site) -> Iterator[tuple[str, str]]:
    return iter(re.findall(r"Way in: (\S+) (\d{6})", changing_site.run("-c", BOOKINGS)))


@pytest.fixture
def patient(changing_site: Site, ways_in: Iterator[tuple[str, str]], open_tab: Callable[..., Page]) -> Page:
    """A patient who has entered by link and code, in a browser that blocks the site's scripts.

    JavaScript is not disabled, because axe needs it.
    """
    link, code = next(ways_in)
    page = open_tab(base_url=changing_site.url)
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"/appointment/{link}/")
    press(page, "Open my appointment")
    page.get_by_role("link", name="Get ready").click()
    page.get_by_role("link", name="Enter the code").click()
    page.get_by_label("The code in our e-mail").fill(code)
    press(page, "Continue")
    expect(page.get_by_role("heading", level=1)).to_have_text("Get ready for your appointment")
    return page


def press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=button, exact=True).click()


def follow(page: Page, link: str) -> None:
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("link", name=link, exact=True).first.click()


def press_enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write_a_medicine(page: Page, look: Callable[[str], None]) -> None:
    follow(page, "Do: Medicines, supplements and vitamins")
    look("an empty list")
    follow(page, "Add a medicine, supplement or vitamin")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Write its name.")
    look("a form with an error")
    page.get_by_label("Its name").fill("Amlodipine" * 20)
    page.get_by_label("How much, and how often").fill("5 mg")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_have_text("Saved.")
    press(page, "Mark as done Do: Medicines, supplements and vitamins")


def put_questions_in_order(page: Page, look: Callable[[str], None]) -> None:
    follow(page, "Do: Questions to ask")
    follow(page, "Choose from questions that people ask")
    look("choosing")
    page.get_by_label("What happens if I wait?").check()
    press(page, "Put these on my list")
    follow(page, "Add a question")
    page.get_by_label("Your question").fill("Will it grow?")
    press(page, "Save")
    press(page, "Move up Will it grow?")
    expect(page.get_by_role("main").locator("ol h2")).to_have_text(["Will it grow?", "What happens if I wait?"])
    look("a list in order")
    follow(page, "Remove What happens if I wait?")
    look("removing")
    press(page, "Remove it")
    follow(page, "Back to your list of things to do")


@pytest.mark.looks
def test_a_patient_prepares_and_axe_finds_nothing_on_the_way(patient):
    found = {}

    def look(name: str) -> None:
        found[name] = violations_on_a_journey(patient)
        patient.set_viewport_size({"width": 320, "height": 640})
        assert_fits(patient)

    write_a_medicine(patient, look)
    put_questions_in_order(patient, look)
    follow(patient, "Do: Appointments and referral")
    patient.get_by_label("I have asked for one").check()
    press(patient, "Save")
    expect(patient.get_by_role("alert")).to_have_text("Saved.")
    look("one of its kind")
    follow(patient, "Back to your list of things to do")
    follow(patient, "Do: Getting ready for tests")
    look("tests")
    patient.go_back()
    expect(patient.get_by_text("1 of 9 done")).to_be_visible()
    look("tasks, some done")
    follow(patient, "See your visit pack")
    for words in ["Amlodipine", "Will it grow?", "I have asked for one"]:
        expect(patient.get_by_role("article")).to_contain_text(words)
    look("pack")
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 9


def test_the_pack_on_paper_is_the_pack_and_nothing_to_press(patient):
    follow(patient, "See your visit pack")
    patient.emulate_media(media="print")
    shown = patient.locator("main a:visible, main button:visible, header nav:visible")
    assert shown.all_inner_texts() == []
    expect(patient.get_by_role("heading", level=1)).to_have_text("Visit pack", use_inner_text=True)


def test_a_worry_is_written_by_keyboard_alone(patient):
    press_until(patient, "a[href$='/symptoms/']")
    press_enter(patient)
    press_until(patient, "a[href$='/symptoms/add/']")
    press_enter(patient)
    press_until(patient, "[name=kind]")
    patient.keyboard.press("ArrowDown")
    patient.keyboard.press("Tab")
    patient.keyboard.type("That it grows")
    press_until(patient, "main button")
    press_enter(patient)
    expect(patient.get_by_role("heading", level=2, name="That it grows")).to_be_visible()
    expect(patient.get_by_text("A worry", exact=True)).to_be_visible()
    press_until(patient, "button[value=done]")
    press_enter(patient)
    expect(patient.get_by_text("1 of 9 done")).to_be_visible()
