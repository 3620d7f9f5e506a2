"""A patient's rights in a real browser: the patient, a carer without JavaScript, and staff who answer."""

import re
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.looks.test_accessibility import violations
from tests.looks.test_reflow import assert_fits
from tests.running import Site

# For each test an appointment, whose patient has a link and a code.
APPOINTMENTS = """
import django
django.setup()
from django.utils import timezone
from appointments.access import links
from appointments.choices import ConsentKind
from appointments.models import Consent
from appointments.tests.factories import make_appointment
fields = {"consent_version": "2026-11", "consented_at": timezone.now(), "name": "Kim Browser"}
for _ in range(2):
    appointment = make_appointment(**fields)
    Consent.objects.create(appointment=appointment, kind=ConsentKind.DOCUMENTS, version="2026-11")
    appointment.tasks.create(version=1, tool="questions", title="Write down what you want to ask", text="x")
    print("Patient:", appointment.pk, links.make_link(appointment), links.make_code(appointment))
"""
Look = Callable[[Page, str], object]


@pytest.fixture(scope="module")
def patients(changing_site: Site) -> list[list[str]]:
    """Of each appointment the number, the token and the code."""
    lines = changing_site.run("-c", APPOINTMENTS).splitlines()
    return [line.split()[1:] for line in lines if line.startswith("Patient:")]


def come_in(page: Page, token: str, code: str) -> None:
    """Open the link, enter the code, and be on the page about one's data."""
    page.goto(f"/appointment/{token}/")
    page.get_by_role("button", name="Open my appointment").click()
    page.get_by_role("link", name="What we keep about you").click()
    page.get_by_role("link", name="Enter the code").click()
    page.get_by_label("The code in our e-mail").fill(code)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What we keep about you")


def send_empty(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("alert")).to_contain_text("There is a problem")
    expect(page).to_have_title(re.compile("^Error: "))


def make_carer_link(page: Page, look: Look) -> str:
    page.goto("/appointment/carer/")
    look(page, "carer")
    send_empty(page, "Make a link")
    look(page, "carer, sent empty")
    page.get_by_label("Who is the link for?").fill("Jo Example")
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_role("region", name="Copy this link now")).to_be_focused()
    look(page, "new link")
    return page.get_by_label("Link for Jo Example").input_value()


def visit_as_carer(page: Page, address: str, look: Look) -> None:
    page.goto(address)
    look(page, "carer arrives")
    page.get_by_role("button", name="Open the appointment").click()
    expect(page.get_by_text("Write down what you want to ask")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("link", name="01632 960 123")).to_be_visible()
    expect(page.get_by_text("Not started").first).to_be_visible()
    assert address.rpartition("/carer/")[2] not in page.url + page.content()
    look(page, "carer's page")


def ask_for_erasure(page: Page, look: Look) -> None:
    page.goto("/appointment/my-data/")
    look(page, "my data")
    page.get_by_role("link", name=re.compile("take it back.*Keeping the records")).click()
    look(page, "consent, words")
    page.get_by_role("link", name="Back to what we keep about you").click()
    page.get_by_role("link", name="Ask us to delete everything about you").click()
    look(page, "erase")
    send_empty(page, "Send my request")
    look(page, "erase, sent empty")
    page.get_by_label("I want everything about me deleted").check()
    page.get_by_role("button", name="Send my request").click()
    expect(page.get_by_role("alert")).to_contain_text("You have asked us")
    expect(page.get_by_role("alert")).to_be_focused()
    look(page, "asked")


def take_back(page: Page, look: Look) -> None:
    page.get_by_role("link", name=re.compile("take it back.*Your second opinion")).click()
    look(page, "consent")
    send_empty(page, "Take back my agreement")
    look(page, "consent, sent empty")
    page.get_by_label("I no longer agree to this").check()
    page.get_by_role("button", name="Take back my agreement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is cancelled")


def answer_as_staff(page: Page, number: str, look: Look) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name="Asked to be erased").click()
    look(page, "worklist")
    page.goto(f"/admin/appointments/appointment/{number}/change/")
    look(page, "appointment")
    for name, button in [
        ("Place a legal hold", "Place the hold"),
        ("Refuse the erasure", "Refuse, and tell them"),
        ("Erase", "Erase everything"),
    ]:
        page.get_by_role("link", name=name, exact=True).click()
        look(page, name)
        page.get_by_role("button", name=button).evaluate("button => { button.form.noValidate = true }")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("alert")).to_contain_text("There is a problem")
        look(page, f"{name}, sent empty")
        if name != "Erase":
            page.goto(f"/admin/appointments/appointment/{number}/change/")
    page.get_by_label("Erase everything about this patient").check()
    page.get_by_role("button", name="Erase everything").click()
    expect(page.get_by_text("is erased.")).to_be_visible()


def test_rights_from_the_first_look_to_erasure_with_axe_on_every_state(changing_site, patients, open_tab):
    found: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        found[name] = violations(page)

    patient = open_tab(base_url=changing_site.url)
    carer = open_tab(base_url=changing_site.url)
    desk = open_tab(base_url=changing_site.url)
    desk.context.add_cookies([changing_site.session_cookie])
    number, token, code = patients[0]
    come_in(patient, token, code)
    address = make_carer_link(patient, look)
    visit_as_carer(carer, address, look)
    ask_for_erasure(patient, look)
    take_back(patient, look)
    carer.reload()
    look(carer, "link needed")
    carer.goto(address)
    expect(carer.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
    look(carer, "dead link")
    answer_as_staff(desk, number, look)
    assert {name: violations for name, violations in found.items() if violations} == {}
    assert len(found) == 22


def test_on_a_narrow_phone_without_javascript(changing_site, patients, open_tab, tmp_path):
    phone = open_tab(base_url=changing_site.url, viewport={"width": 320, "height": 640}, java_script_enabled=False)

    def look(page: Page, name: str) -> None:
        assert_fits(page)

    come_in(phone, *patients[1][1:])
    with phone.expect_download() as saving:
        phone.get_by_role("button", name="Save my data").click()
    saving.value.save_as(tmp_path / "my-data.zip")
    assert b"Kim Browser" in zipfile.ZipFile(tmp_path / "my-data.zip").read("data.json")
    visit_as_carer(phone, make_carer_link(phone, look), look)
    ask_for_erasure(phone, look)
    phone.get_by_role("button", name="I have changed my mind").click()
    expect(phone.get_by_role("alert")).to_contain_text("We keep your record")
    take_back(phone, look)
