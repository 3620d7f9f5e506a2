"""Documents in the admin: the patient's clinician opens them, audited; coordinators request them and never
read them.
"""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from appointments.documents import documents
from appointments.documents.tests import hostile
from appointments.models import Appointment, AuditEntry, Document, DocumentRequest
from appointments.tests.clients import come_in_with_code, url
from appointments.tests.factories import make_appointment, make_clinician
from calcsite.tests import people

pytestmark = pytest.mark.django_db

NAME = "cirrhosis.pdf"


@pytest.fixture
def appointment() -> Appointment:
    """A patient who has sent a document."""
    appointment = make_appointment()
    patient = come_in_with_code(appointment)
    sent = {
        "files": [SimpleUploadedFile(NAME, hostile.pdf())],
        "agree": "on",
        "description": "Biopsy of the cirrhosis",
    }
    assert patient.post(url("documents"), sent).status_code == 302
    return appointment


@pytest.fixture
def clinician(appointment) -> Client:
    return clinician_of(appointment.slot.clinician, "own")


def clinician_of(clinician, username: str) -> Client:
    clinician.user = people.make_person("Clinician", username=username)
    clinician.save()
    return people.client_of(clinician.user)


@pytest.fixture
def coordinator() -> Client:
    return people.client_of(people.make_person("Booking coordinator", username="bea"))


def page_of(appointment: Appointment, step: str = "change/") -> str:
    return f"/admin/appointments/appointment/{appointment.pk}/{step}"


def reads(**where) -> list[str]:
    entries = AuditEntry.objects.filter(action="read", detail__startswith="Document", **where)
    return [f"{entry.actor} {entry.detail}" for entry in entries.order_by("pk")]


def test_the_clinician_opens_documents_and_each_is_on_record(appointment, clinician):
    row = Document.objects.get()
    assert NAME in clinician.get(page_of(appointment)).text
    for _ in range(2):
        answer = clinician.get(page_of(appointment, f"documents/{row.pk}/"))
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
        assert answer["Content-Disposition"] == f'attachment; filename="{NAME}"'
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert "no-store" in answer["Cache-Control"]
    assert reads(appointment=appointment) == [f"own Document {row.pk}"] * 2


def test_only_the_clinicians_visit_pack_links_to_each_document(appointment, clinician):
    document = Document.objects.get()
    opens = f'href="{page_of(appointment, f"documents/{document.pk}/")}"'
    assert opens in clinician.get(page_of(appointment, "pack/")).text
    assert "/admin/" not in come_in_with_code(appointment).get(url("pack")).text


def test_a_document_answers_404_to_all_other_users(appointment, clinician, coordinator):
    row, mine = Document.objects.get(), make_appointment()
    other = clinician_of(mine.slot.clinician, "other")
    seen = [(coordinator, appointment), (other, appointment), (other, mine), (coordinator, mine), (clinician, mine)]
    for client, where in seen:
        real, random = (client.get(page_of(where, f"documents/{pk}/")) for pk in [row.pk, row.pk + 1000])
        assert (real.status_code, real.content) == (404, random.content)
    assert (
        people.client_of(people.make_person("Administrator"))
        .get(page_of(appointment, f"documents/{row.pk}/"))
        .status_code
        == 403
    )
    assert Client().get(page_of(appointment, f"documents/{row.pk}/")).status_code == 302
    assert reads() == []


def test_coordinators_see_that_documents_exist_and_not_their_names(appointment, coordinator):
    page = coordinator.get(page_of(appointment)).text
    assert "PDF, " in page
    assert "the patient" in page
    assert "cirrhosis" not in page


def test_a_document_is_asked_for_and_the_patient_sees_it(appointment, coordinator):
    answer = coordinator.post(page_of(appointment, "documents/ask/"), {"what": "The CT of March"})
    assert answer.url == page_of(appointment)
    assert "<strong>Missing:</strong>" in coordinator.get(page_of(appointment)).text
    assert "The CT of March" in come_in_with_code(appointment).get(url("documents")).text
    assert "Write what you need." in coordinator.post(page_of(appointment, "documents/ask/"), {"what": ""}).text
    asked = DocumentRequest.objects.get()
    assert asked.asked_by.username == "bea"
    coordinator.post(page_of(appointment, f"documents/waive/{asked.pk}/"))
    assert "not needed any more" in coordinator.get(page_of(appointment)).text
    assert not appointment.document_requests.missing().exists()


def test_a_document_from_the_post_is_added_and_can_be_removed(appointment, coordinator, clinician):
    asked = documents.request(appointment=appointment, what="CT", by=people.make_person("Clinician"))
    address = page_of(appointment, "documents/add/")
    assert "Add a document" in coordinator.get(address).text
    files = [SimpleUploadedFile("ct.dcm", hostile.dicom()), SimpleUploadedFile("ct.gif", hostile.GIF_JS)]
    page = coordinator.post(address, {"files": files, "description": "CT", "meets": asked.pk}).text
    assert "ct.gif: This is a GIF picture." in page
    row = Document.objects.get(name="ct.dcm")
    assert (row.added_by.username, row.kind, row.meets.get()) == ("bea", "dicom", asked)
    patient = come_in_with_code(appointment)
    assert patient.post(url("remove_document", row.pk)).status_code == 409
    coordinator.post(page_of(appointment, f"documents/{Document.objects.get(name=NAME).pk}/remove/"))
    coordinator.post(page_of(appointment, f"documents/{row.pk}/remove/"))
    assert [each.name for each in Document.objects.all()] == [NAME]


@pytest.mark.parametrize("step", ["documents/ask/", "documents/add/", "documents/waive/1/", "documents/1/remove/"])
def test_staff_without_patients_change_nothing(appointment, step):
    stranger = clinician_of(make_clinician(), "other")
    editor = people.client_of(people.make_person("Editor"))
    fields = {"what": "A", "files": [SimpleUploadedFile("a.pdf", hostile.pdf())]}
    assert stranger.post(page_of(appointment, step), fields).status_code == 404
    assert editor.post(page_of(appointment, step), fields).status_code == 403
    assert (Document.objects.count(), DocumentRequest.objects.count()) == (1, 0)


def test_a_forged_form_adds_nothing(appointment, coordinator):
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = coordinator.cookies
    files = {"files": [SimpleUploadedFile("a.dcm", hostile.dicom())]}
    assert forged.post(page_of(appointment, "documents/add/"), files).status_code == 403
    assert Document.objects.count() == 1
