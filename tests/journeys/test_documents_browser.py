"""Records in a real browser: sent with and without JavaScript, under axe in every state, and harmless when opened."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Error, Page, Route, expect

from appointments.documents.tests import hostile
from benchmarks.measures.uploads import Patient, peak_megabytes, send
from benchmarks.server import children_of
from tests.looks.test_accessibility import violations_in_every_look
from tests.looks.test_reflow import assert_fits
from tests.plainhttp import fetch, hidden_fields
from tests.running import Site

DOCUMENTS = "/appointment/documents/"
PHONE = {"width": 320, "height": 640}
# Patients who have come in, with the code; and their clinicians.
COME_IN = """
import django, json
django.setup()
from appointments.documents import documents
from appointments.tests.factories import make_appointment
from appointments.tests.clients import come_in_with_code
from calcsite.tests.people import make_person, make_session
found = []
for _ in range(5):
    appointment = make_appointment()
    clinician = appointment.slot.clinician
    clinician.user = make_person("Clinician")
    clinician.save()
    documents.request(appointment=appointment, what="The CT scan of March", by=clinician.user)
    cookie = come_in_with_code(appointment, HTTP_HOST="127.0.0.1").cookies["sessionid"].value
    found.append({"pk": appointment.pk, "patient": cookie, "clinician": make_session(clinician.user)})
print("Result:", json.dumps(found))
"""
MIXED = {
    "letter.pdf": hostile.pdf(),
    "photo.jpg": hostile.picture("JPEG") + hostile.HTML,
    "scan.png": hostile.png_with_html_in_a_comment(),
    "drawing.svg": hostile.SVG,
}


@pytest.fixture(scope="module")
def patients(changing_site: Site) -> Iterator[dict]:
    """Each is for one test."""
    return iter(json.loads(changing_site.run("-c", COME_IN).partition("Result:")[2]))


@pytest.fixture
def come_in(changing_site: Site, patients: Iterator[dict], open_tab: Callable[..., Page]) -> Callable[..., Page]:
    """A tab in which a new patient has entered, or their clinician."""

    def opened(who: str = "patient", **settings) -> Page:
        known = next(patients)
        page = open_tab(base_url=changing_site.url, **settings)
        page.context.add_cookies([{"name": "sessionid", "value": known[who], "url": changing_site.url}])
        page.goto(DOCUMENTS if who == "patient" else f"/admin/appointments/appointment/{known['pk']}/change/")
        return page

    return opened


def choose(page: Page, *names: str) -> None:
    files = [{"name": name, "mimeType": "application/octet-stream", "buffer": MIXED[name]} for name in names]
    page.get_by_label("Choose your files").set_input_files(files)


def press(page: Page, name: str = "Send") -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


@pytest.mark.looks
def test_axe_finds_nothing_in_any_state_of_a_patient_s_records(come_in):
    page, found = come_in(), {}

    def look(name: str, *widths: int) -> None:
        found[name] = violations_in_every_look(page, widths=widths or [320])

    look("nothing there")
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("Choose a file first.")
    look("error")
    choose(page, *MIXED)
    press(page)
    expect(page.get_by_text("Tick the box first, if you agree.")).to_be_visible()
    page.get_by_label("I agree that you keep the files").check()
    press(page)
    expect(page.get_by_text("Your 3 files have arrived. Look below for what was not taken.")).to_be_visible()
    expect(page.locator(".sending-refused")).to_contain_text("drawing.svgThis is an SVG picture.")
    expect(page.get_by_text("There is a problem")).to_have_count(0)
    expect(page.locator(".documents > li")).to_have_count(3)
    expect(page.get_by_label("I agree that you keep the files")).to_have_count(0)
    look("some were sent", 320, 1280)
    letter = page.locator(".documents > li", has_text="letter.pdf")
    letter.get_by_role("link", name="Say what it is").click()
    look("describe")
    page.get_by_label("Is it something that we asked for?").select_option("The CT scan of March")
    press(page, "Save")
    expect(page.get_by_text("We had asked for: The CT scan of March")).to_be_visible()
    letter.get_by_role("link", name="Remove").click()
    look("remove")
    press(page, "Remove the file")
    expect(page.get_by_text("The file is deleted.")).to_be_visible()
    expect(page.locator(".still-missing")).to_contain_text("The CT scan of March")
    assert {name: violations for name, violations in found.items() if violations} == {}


def test_a_patient_sends_records_on_a_narrow_phone_without_javascript(come_in):
    page = come_in(viewport=PHONE, java_script_enabled=False)
    assert_fits(page)
    choose(page, *MIXED)
    page.get_by_label("I agree that you keep the files").check()
    press(page)
    expect(page.get_by_role("alert")).to_contain_text("drawing.svg: This is an SVG picture.")
    expect(page.locator(".documents > li")).to_have_count(3)
    assert_fits(page)


@pytest.mark.looks
def test_axe_finds_nothing_where_staff_ask_for_records_and_add_them(come_in):
    page = come_in("clinician")
    found = violations_in_every_look(page, widths=[1280])
    for link in ["Ask for a document", "Add a document"]:
        page.get_by_role("link", name=link).click()
        found += violations_in_every_look(page, widths=[1280])
        page.go_back()
    assert found == []


@pytest.fixture
def records(come_in) -> Page:
    """A page with three records, of which two hold a script."""
    page = come_in()
    page.get_by_label("I agree that you keep the files").check()
    choose(page, "photo.jpg", "scan.png", "letter.pdf")
    press(page)
    expect(page.locator(".documents > li")).to_have_count(3)
    return page


def without_attachment(route: Route) -> None:
    answer = route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "content-disposition"}
    route.fulfill(response=answer, headers=headers)


def test_an_accepted_file_runs_no_script_wherever_it_is_opened(records):
    page = records
    addresses = page.locator(".document-name a").evaluate_all("all => all.map(link => link.href)")
    for address in addresses:
        with pytest.raises(Error, match="Download is starting"):
            page.goto(address)
        # As a script, and with the attachment taken away, as a page.
        assert (
            page.evaluate(
                """address => new Promise(done => {
                const script = document.createElement("script");
                script.onload = () => done("ran");
                script.onerror = () => done("refused");
                script.src = address;
                document.body.append(script);
            })""",
                address,
            )
            == "refused"
        )
        assert page.evaluate("window.harm") is None
    page.context.route("**/appointment/documents/*/", without_attachment)
    for address in addresses[:2]:
        page.goto(address)
        assert page.evaluate("document.contentType").startswith("image/")
        assert (page.evaluate("window.harm"), "harm" in page.title()) == (None, False)


def test_the_server_s_memory_stays_flat_while_a_large_file_arrives(changing_site, patients):
    cookies = f"sessionid={next(patients)['patient']}"
    answer = fetch(changing_site, DOCUMENTS, headers={"Cookie": cookies})
    token = hidden_fields(answer.text)["csrfmiddlewaretoken"]
    csrf = answer.headers["Set-Cookie"].partition(";")[0]
    patient, worker = Patient(f"{cookies}; {csrf}", token), children_of(changing_site.process)[0]
    assert send(changing_site.port, patient, megabytes=1) == 200
    before = peak_megabytes(worker)
    assert send(changing_site.port, patient, megabytes=100) == 200
    assert peak_megabytes(worker) - before < 20
