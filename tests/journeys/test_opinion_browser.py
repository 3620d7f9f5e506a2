"""An opinion in a real browser, from the readiness board to the patient: under axe in every state, and narrow."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.looks.test_accessibility import violations_on_a_journey
from tests.looks.test_reflow import assert_fits
from tests.running import Site

APPOINTMENT = """
import django
django.setup()
import json
from datetime import timedelta
from django.utils import timezone
from appointments.models import DocumentRequest, Question
from appointments.opinions.tests import makers
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot
from appointments.tests.clients import come_in_with_code
from calcsite.tests.people import make_session
hours = make_hours(clinician=make_clinician(name="Dr Browser Elm"))
slot = make_slot(hours=hours, starts=timezone.now() + timedelta(days=3))
appointment = make_appointment(slot=slot)
Question.objects.create(appointment=appointment, text="Will it grow?")
DocumentRequest.objects.create(appointment=appointment, what="The scan of March")
staff = make_session(makers.clinician_of(appointment))
patient = come_in_with_code(appointment, SERVER_NAME="127.0.0.1").session.session_key
print(json.dumps({"pk": appointment.pk, "staff": staff, "patient": patient}))
"""
READ = "/appointment/opinion/"
WORDS = {
    "What you found": "The scan shows two small spots of calcium.\n\nThey have not grown since March.",
    "What the first opinion says": "The first doctor advises an operation.",
    "What you say": "We advise to wait.",
    "What to do next": "Have another scan in six months.",
    "Treatment": "Watching and waiting",
    "Benefits": "No risk from an operation.",
    "Risks": "It may grow.",
    "What to expect": "Nothing changes for most people.",
    "Answer": "Most do not.",
}


class Walk:
    """Two tabs, the clinician's and the patient's, and axe's findings so far."""

    def __init__(self, site: Site, open_tab: Callable[..., Page]) -> None:
        made = json.loads(site.run("-c", APPOINTMENT).splitlines()[-1])
        self.path = f"/admin/appointments/appointment/{made['pk']}/"
        self.desk = self._tab(open_tab, site, made["staff"])
        self.patient = self._tab(open_tab, site, made["patient"])
        self.found: dict[str, list[str]] = {}

    @staticmethod
    def _tab(open_tab: Callable[..., Page], site: Site, session: str) -> Page:
        tab = open_tab(base_url=site.url)
        tab.context.add_cookies([site.session_cookie | {"value": session}])
        return tab

    def look(self, page: Page, name: str) -> None:
        self.found[name] = violations_on_a_journey(page)
        page.set_viewport_size({"width": 320, "height": 640})
        assert_fits(page)
        page.set_viewport_size({"width": 1280, "height": 800})

    def reads(self, words: str, name: str) -> None:
        """Expect these words on the patient's page."""
        self.patient.goto(READ)
        expect(self.patient.get_by_role("main")).to_contain_text(words)
        self.look(self.patient, f"patient, {name}")


@pytest.fixture
def walk(changing_site: Site, open_tab: Callable[..., Page]) -> Walk:
    return Walk(changing_site, open_tab)


def nudge(walk: Walk) -> None:
    walk.desk.goto("/admin/")
    walk.desk.get_by_role("link", name="Who is ready").click()
    walk.look(walk.desk, "board")
    walk.desk.get_by_role("button", name="Nudge").click()
    expect(walk.desk.get_by_text("Nudged today")).to_be_visible()
    walk.desk.get_by_role("link", name="Visit pack").click()
    walk.desk.get_by_role("button", name="Add them").click()
    walk.desk.get_by_role("link", name="Name the test.").click()
    walk.look(walk.desk, "pack, with an error")


def write(walk: Walk) -> None:
    desk = walk.desk
    desk.get_by_role("link", name="Opinion", exact=True).click()
    walk.look(desk, "nothing yet")
    desk.get_by_role("button", name="Start writing").click()
    desk.get_by_role("button", name="Save, check and sign").click()
    expect(desk.get_by_text("Write what you found.")).to_be_visible()
    walk.look(desk, "signing, with parts missing")
    desk.get_by_role("link", name="Go on writing").first.click()
    for label, words in WORDS.items():
        desk.get_by_label(f"{label}:", exact=True).first.fill(words)
    desk.get_by_label("We agree in part").check()
    desk.get_by_label("Answered", exact=True).check()


def sign_and_release(walk: Walk) -> None:
    desk = walk.desk
    desk.get_by_role("button", name="Save, check and sign").click()
    walk.look(desk, "signing")
    desk.get_by_role("button", name="Sign it").click()
    walk.look(desk, "signed")
    desk.get_by_role("button", name="Release version").click()
    expect(desk.get_by_text("The patient can read it now.")).to_be_visible()


def test_from_the_board_to_a_corrected_opinion_every_page_fits_and_axe_is_content(walk):
    walk.reads("There is nothing to read yet", "nothing")
    nudge(walk)
    write(walk)
    other = walk.desk.context.new_page()
    other.goto(f"{walk.path}opinion/1/edit/")
    other.get_by_role("button", name="Save the draft").click()
    other.close()
    walk.desk.get_by_role("button", name="Save the draft").click()
    expect(walk.desk.get_by_role("alert")).to_be_focused()
    walk.desk.get_by_text("What is stored now", exact=True).click()
    walk.look(walk.desk, "overtaken")
    expect(walk.desk.get_by_label("What you say:", exact=True)).to_have_value("We advise to wait.")
    walk.reads("Your clinician is working on your opinion", "draft")
    sign_and_release(walk)
    walk.reads("We advise to wait.", "released")
    walk.desk.get_by_role("link", name="Correct it").click()
    walk.look(walk.desk, "correcting")
    walk.desk.get_by_label("What is corrected, and why?").fill("The month of the scan was wrong.")
    walk.desk.get_by_role("button", name="Start the new version").click()
    sign_and_release(walk)
    walk.reads("The month of the scan was wrong.", "corrected")
    walk.patient.get_by_role("link", name="Version 1").click()
    expect(walk.patient.get_by_text("This is an older version.")).to_be_visible()
    assert {name: violations for name, violations in walk.found.items() if violations} == {}
