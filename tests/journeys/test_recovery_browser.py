"""Recovery in a real browser: a patient without JavaScript, by keyboard alone, and the pages of all roles
under axe.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.looks.test_accessibility import violations_in_every_look, violations_on_a_journey
from tests.looks.test_reflow import assert_fits
from tests.patients import BOOK, go_on
from tests.running import Site

RECOVERY = "/appointment/recovery/"
START = "{4}/recovery/start/?treatment=operation"
# A patient on day 5 of a plan with all that can be on one, in a session of theirs; and their clinician's session.
PATIENT = """
import django
django.setup()
from datetime import timedelta
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from appointments.access import links
from appointments.models import PatientLink
from appointments.recovery.tests.makers import make_carer, make_guidance, seen_patient, start_plan
from appointments.tests.factories import make_slot
from appointments.access.decorators import CODE
from appointments.access.links import SESSION
from appointments.recovery import checkins
from calcsite.tests.people import make_session
make_guidance(title="The first week", last_day=7, text="Rest, and move a little each hour.")
make_guidance(title="Back to what you do", first_day=8)
make_guidance(title="The first night", last_day=1)
patient, now = seen_patient(), timezone.now()
first = timezone.localdate() - timedelta(days=5)
plan = start_plan(patient, first_day=first, note="Mind the left arm.", what="The deposit was taken out")
for day, (feeling, pain) in enumerate([("same", 6), ("worse", 8), ("better", 5), ("better", 3)]):
    checkins.check_in(plan=plan, feeling=feeling, pain=pain, at=now - timedelta(days=4 - day), note="It throbs")
make_slot(hours=patient.slot.hours, starts=now.replace(minute=0) + timedelta(days=15))
links.make_link(patient)
link = PatientLink.objects.get(appointment=patient)
session = SessionStore()
session[SESSION], session[CODE] = link.pk, [link.pk, now.isoformat()]
session.save()
new, carer = seen_patient(slot=make_slot(hours=patient.slot.hours)), make_carer("add_appointment")
patient.slot.clinician.user = carer
patient.slot.clinician.save()
print(session.session_key, make_session(carer), patient.pk, plan.follow_ups.get().pk, new.pk,
      plan.check_ins.get(is_alarm=True).pk)
"""


@pytest.fixture(scope="module")
def made(changing_site: Site) -> list[str]:
    """The keys of the patient's and the clinician's session; the numbers of the appointment, its follow-up, of an
    appointment without a plan, and of an alarm.
    """
    return changing_site.run("-c", PATIENT).split()[-6:]


@pytest.fixture
def come(changing_site: Site, made: list[str], open_tab: Callable[..., Page]) -> Callable[..., Page]:
    """Open a tab in the session of the patient (0) or of the clinician (1)."""

    def come(who: int = 0, **settings) -> Page:
        page = open_tab(base_url=changing_site.url, **settings)
        page.context.add_cookies([{"name": "sessionid", "value": made[who], "url": changing_site.url}])
        return page

    return come


def send(page: Page) -> None:
    page.get_by_role("button", name="Send, and see what to do").click()


def answer(page: Page, *labels: str) -> None:
    page.goto(f"{RECOVERY}check-in/")
    for label in labels:
        page.get_by_label(label, exact=True).check()
    send(page)


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def walk(page: Page, look: Callable[[str], object]) -> None:
    """Every page of the patient in every state."""
    page.goto(RECOVERY)
    expect(page.get_by_text("Today is day 5 of your plan.")).to_be_visible()
    look("plan")
    begin_a_follow_up(page, look)
    page.goto(RECOVERY)
    page.get_by_role("link", name="Have the days of your plan").click()
    look("calendar")
    page.get_by_role("button", name="Make an address").or_(page.get_by_role("button", name="Make a new")).click()
    expect(page.get_by_label("Copy this address")).to_be_visible()
    look("calendar with its address")
    page.get_by_role("link", name="Back to your recovery plan").click()
    page.get_by_role("link", name="Tell us how you are").click()
    look("check-in")
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Choose how you are.")
    look("check-in, sent empty")
    answer(page, "Better", "2")
    assert heading(page) == "Thank you for telling us"
    look("well")
    answer(page, "Worse")
    assert heading(page) == "Telephone us now"
    look("worse")
    answer(page, "blood keeps coming from a wound, although you press on it")
    assert heading(page) == "Call 999 now"
    look("emergency")
    page.goto(f"{RECOVERY}check-in/")
    page.get_by_label("blood keeps coming from a wound, although you press on it").check()
    page.context.clear_cookies(name="sessionid")
    send(page)
    expect(page.get_by_role("heading", name="We could not note this")).to_be_visible()
    look("could not be noted")


def begin_a_follow_up(page: Page, look: Callable[[str], object]) -> None:
    """Go as far as the times, past another booking that was begun in this browser."""
    page.goto(f"{BOOK}about/")
    page.get_by_label("I am not sure").check()
    go_on(page)
    page.wait_for_url(f"**{BOOK}how/")
    page.goto(RECOVERY)
    go_on(page, "Choose a time for A talk with Dr Example")
    expect(page.get_by_text("You have begun to book something else on this device")).to_be_visible()
    look("follow-up, another booking begun")
    follow_up = page.url
    go_on(page, "Delete the other booking, and book my follow-up")
    expect(page.get_by_label("Video call")).to_be_checked()
    look("follow-up, how")
    go_on(page)
    expect(page.get_by_role("heading", name="First available from")).to_be_visible()
    look("follow-up, times")
    page.goto(follow_up)
    expect(page.get_by_role("button", name="Carry on where I was")).to_be_visible()
    look("follow-up, begun")


def test_a_patient_on_a_narrow_phone_without_javascript(come):
    phone = come(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    walk(phone, lambda name: assert_fits(phone))


@pytest.mark.looks
def test_axe_finds_nothing_on_any_page_of_the_patient(come):
    page, found = come(), {}

    def look(name: str) -> None:
        page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true })")
        found[name] = violations_on_a_journey(page)

    walk(page, look)
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 13


def press_until(page: Page, selector: str) -> None:
    """Tab to an element, as a visitor without a mouse does."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not lead to {selector} on {page.url}")


def test_a_sign_of_danger_is_reported_by_keyboard_and_seen_by_staff(come):
    page = come()
    page.goto(f"{RECOVERY}check-in/")
    press_until(page, "[name=emergency]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="Call 999 now").wait_for()
    staff = come(1)
    staff.goto("/admin/")
    staff.get_by_role("link", name="Telephone now: worse, or a sign of danger").click()
    expect(staff.get_by_text("“you or someone with you has a seizure for the first time")).to_be_visible()
    assert violations_in_every_look(staff, widths=[1280]) == []


SCREENS = ["{2}/recovery/", "{2}/recovery/change/", "{2}/recovery/follow-up/{3}/", START, "{2}/recovery/check-in/{5}/"]


@pytest.mark.looks
@pytest.mark.parametrize("address", SCREENS)
def test_axe_finds_nothing_on_the_screens_of_a_plan(come, made, address):
    staff = come(1)
    staff.goto(f"/admin/appointments/appointment/{address.format(*made)}")
    expect(staff.get_by_role("heading", level=1)).to_be_visible()
    assert staff.title().startswith(("Recovery", "Change", "Book", "Start", "A check-in"))
    assert violations_in_every_look(staff, widths=[1280]) == []
