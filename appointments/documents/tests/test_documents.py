"""A patient's records: file and row are stored and deleted together, and only permitted users read them."""

import errno
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from appointments.choices import ConsentKind, FileKind
from appointments.documents import documents
from appointments.documents.scanning import sandbox
from appointments.documents.tests import hostile
from appointments.models import Appointment, AuditEntry, Consent, Document, DocumentRequest, LegalHold
from appointments.privacy import withdrawal
from appointments.tests.clients import come_in_with_code, url
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.tests import people
from calcsite.tests.racing import at_once

pytestmark = pytest.mark.django_db


class Meanwhile(FileSystemStorage):
    """A storage so slow that something else happens before the row is written."""

    def __init__(self, happens: Callable[[], object], **options: Any) -> None:
        self.happens = happens
        super().__init__(**options)

    def _save(self, name: str, content: File) -> str:
        saved = super()._save(name, content)
        self.happens()
        return saved


class FullDisk(FileSystemStorage):
    """A storage that is full after some bytes."""

    def _save(self, name: str, content: File) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def kept(settings, tmp_path):
    """All stored files, with or without a row."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    folders = [tmp_path / "private", tmp_path / "uploads"]
    return lambda: [path for folder in folders for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def appointment(kept) -> Appointment:
    appointment = make_appointment()
    documents.agree(appointment=appointment)
    return appointment


@pytest.fixture
def patient(appointment) -> Client:
    return come_in_with_code(appointment)


def upload(name: str = "report.pdf", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, hostile.pdf() if content is None else content)


def send(client: Client, *files: SimpleUploadedFile, **fields):
    return client.post(url("documents"), {"files": list(files) or [upload()], "agree": "on"} | fields)


def different(number: int) -> bytes:
    return hostile.pdf(root={"/Number": hostile.pikepdf.Array([number])})


def test_a_file_is_stored_and_served_unchanged(appointment, patient, kept):
    content = hostile.picture("PNG")
    answer = send(patient, upload("../Blood test.PNG", content), description="Blood test of March")
    assert (answer.status_code, answer["Location"]) == (302, url("documents"))
    row = Document.objects.get()
    assert (row.name, row.kind, row.size, row.added_by) == ("Blood test.png", FileKind.PNG, len(content), None)
    assert [path.name for path in kept()] == [Path(row.file.name).name]
    assert "Blood" not in row.file.name
    page = patient.get(url("documents"))
    assert all(words in page.text for words in ["Blood test.png", "PNG picture", "Blood test of March", "Sent by"])
    answer = patient.get(url("document", row.pk))
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == 'attachment; filename="Blood test.png"'
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_name_in_any_script_comes_back_in_a_header_that_nothing_breaks(patient):
    send(patient, upload('Röntgen 李 "a"\r\nX: y.pdf'))
    answer = patient.get(url("document", Document.objects.get().pk))
    b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''R%C3%B6ntgen")
    assert "X" not in answer.headers


def test_the_first_files_come_with_consent_to_the_words_of_today(kept):
    appointment = make_appointment()
    patient = come_in_with_code(appointment)
    assert "I agree that you keep the files" in patient.get(url("documents")).text
    refused = patient.post(url("documents"), {"files": [upload()]})
    assert "Tick the box if you agree." in refused.text
    assert (Document.objects.count(), kept()) == (0, [])
    send(patient)
    given = Consent.objects.get(appointment=appointment)
    assert (given.kind, given.version, Document.objects.count()) == (ConsentKind.DOCUMENTS, "2026-11", 1)
    assert "I agree that" not in patient.get(url("documents")).text
    Consent.objects.update(withdrawn_at=timezone.now())
    assert "I agree that" in patient.get(url("documents")).text


# A few of those in test_filechecks.py, by the way that patients send them.
HOSTILE = {
    "pic.svg": (hostile.SVG, "This is an SVG picture. Send a PDF, a JPEG or PNG picture, or DICOM images."),
    "report.pdf": (hostile.pdf_with_script(), "This PDF holds a script. Print it to a new PDF, and send that."),
    "nothing.pdf": (b"", "This file is empty. Look whether it opens on your device, and send it again."),
    "bomb.zip": (hostile.bomb(), "This zip file is far larger when it is unpacked."),
}


def test_hostile_files_are_refused_each_in_its_own_words_and_leave_nothing_behind(patient, kept):
    """All at once, beside a good one, which is kept."""
    answer = send(patient, *[upload(name, content) for name, (content, _) in HOSTILE.items()], upload("good.pdf"))
    page = answer.text
    assert {name: words for name, (_, words) in HOSTILE.items() if f"{name}: {words}" not in page} == {}
    assert [row.name for row in Document.objects.all()] == ["good.pdf"]
    assert len(kept()) == 1


LIMITS = {
    "too large": ({"DOCUMENT_MEGABYTES": 1}, [bytes(2 * 2**20)], "This file is larger than 1 MB."),
    "too many": ({"DOCUMENTS_MOST": 1}, [different(1), different(2)], "You can send up to 1 files."),
    "twice the same": ({}, [different(1)] * 2, "You have sent this file already: it is “0.pdf” in the list."),
    "no room": (
        {"DOCUMENTS_MEGABYTES": 1},
        [hostile.dicom() + bytes(600_000), hostile.dicom() + bytes(600_001)],
        "All your files together can be 1 MB large.",
    ),
}


@pytest.mark.parametrize(("limits", "contents", "words"), LIMITS.values(), ids=LIMITS.keys())
def test_each_limit_has_its_own_words(patient, kept, settings, limits, contents, words):
    for name, value in limits.items():
        setattr(settings, name, value)
    answer = send(patient, *[upload(f"{number}.pdf", content) for number, content in enumerate(contents)])
    assert f"{len(contents) - 1}.pdf: {words}" in answer.text
    assert Document.objects.count() == len(kept()) == len(contents) - 1


def test_a_limit_includes_the_files_already_stored(patient, kept, settings):
    settings.DOCUMENTS_MOST = 1
    send(patient, upload(content=different(1)))
    assert "You can send up to 1 files." in send(patient, upload(content=different(2))).text
    assert Document.objects.count() == len(kept()) == 1


def test_a_form_without_a_file_is_refused(patient):
    assert "Choose a file first." in patient.post(url("documents"), {"agree": "on"}).text


def test_a_full_disk_leaves_neither_row_nor_file_and_recovers(patient, kept, settings):
    good = settings.STORAGES
    settings.STORAGES = good | {"private": good["private"] | {"BACKEND": f"{__name__}.FullDisk"}}
    assert "report.pdf: This file could not be saved. Nothing is wrong with it. Try again" in send(patient).text
    assert (Document.objects.count(), kept()) == (0, [])
    settings.STORAGES = good
    assert send(patient).status_code == 302
    assert Document.objects.count() == len(kept()) == 1


def test_a_full_disk_during_an_upload_is_reported(patient, kept, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "away"
    assert "report.pdf: This file could not be saved." in send(patient).text
    assert (Document.objects.count(), kept()) == (0, [])


def test_a_row_that_cannot_be_written_leaves_no_file(appointment, kept):
    with pytest.raises(IntegrityError):
        keep(appointment, description=None)
    assert (Document.objects.count(), kept()) == (0, [])


def meanwhile(settings, happens: Callable[[], object]) -> None:
    private = settings.STORAGES["private"]
    options = private["OPTIONS"] | {"happens": happens}
    settings.STORAGES = settings.STORAGES | {"private": {"BACKEND": f"{__name__}.Meanwhile", "OPTIONS": options}}


def test_a_file_that_comes_in_while_consent_is_taken_back_is_not_kept(appointment, patient, kept, settings):
    meanwhile(settings, lambda: withdrawal.withdraw(appointment=appointment, kind=ConsentKind.DOCUMENTS))
    assert documents.NOT_AGREED in send(patient).text
    assert (Document.objects.count(), kept()) == (0, [])


def test_a_file_that_comes_in_while_everything_is_erased_is_not_kept(appointment, patient, kept, settings):
    meanwhile(settings, lambda: Appointment.objects.filter(pk=appointment.pk).delete())
    answer = send(patient)
    assert (answer.status_code, documents.RECORD_ERASED in answer.text) == (200, True)
    assert (Document.objects.count(), kept()) == (0, [])


def test_a_file_above_the_limits_is_not_even_checked(appointment, patient, kept, settings):
    """A check takes long, so the limits are tested before it."""
    settings.DOCUMENTS_MOST = 1
    send(patient)
    assert "You can send up to 1 files." in send(patient, upload("a.svg", hostile.SVG)).text
    Consent.objects.update(withdrawn_at=timezone.now())
    with pytest.raises(UserFacingError, match="You do not agree any more"):
        keep(appointment, hostile.SVG)


def test_a_sender_is_asked_to_come_back_while_many_files_are_checked(appointment, kept):
    """Each check makes a thread of the site wait, and the other pages need some too."""
    with ExitStack() as others:
        for _ in range(sandbox.MAX_CHECKS):
            others.enter_context(sandbox.turn())
        with pytest.raises(UserFacingError) as refused:
            keep(appointment)
    assert str(refused.value) == sandbox.BUSY
    for number in range(sandbox.MAX_CHECKS + 1):  # each gives its place back, in either case
        with pytest.raises(UserFacingError):
            keep(appointment, hostile.SVG + bytes(number))
    assert keep(appointment).name == "report.pdf"


def keep(appointment: Appointment, content: bytes | None = None, **fields: Any) -> Document:
    """Add a file as it lies on the disk when it has come in."""
    with TemporaryUploadedFile("report.pdf", "", 0, None) as file:
        file.size = file.write(hostile.pdf() if content is None else content)
        return documents.add(appointment=appointment, file=file, **fields)


def test_removing_deletes_the_file_once_it_is_certain(appointment, patient, kept, django_capture_on_commit_callbacks):
    asked = documents.request(appointment=appointment, what="The CT", by=people.make_person("Clinician"))
    send(patient, meets=asked.pk)
    row = Document.objects.get()
    assert row.meets.get() == asked
    address = url("remove_document", row.pk)
    assert "Remove this file?" in patient.get(address).text
    with django_capture_on_commit_callbacks(execute=True) as waiting:
        patient.post(address)
        assert len(kept()) == 1
    assert len(waiting) == 1
    assert (Document.objects.count(), kept()) == (0, [])
    assert "The CT" in patient.get(url("documents")).text


def test_a_rolled_back_removal_keeps_the_file(appointment, kept, django_capture_on_commit_callbacks):
    row = keep(appointment)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        documents.remove(document=row)
        transaction.set_rollback(True)
    assert (Document.objects.count(), len(kept())) == (1, 1)


def test_nothing_is_removed_after_the_appointment_began_or_under_a_legal_hold(appointment, patient, kept):
    send(patient)
    row = Document.objects.get()
    LegalHold.objects.create(appointment=appointment, why="Claim", placed_by=people.make_person())
    held = patient.post(url("remove_document", row.pk))
    assert (held.status_code, "We have to keep this file for now." in held.text) == (409, True)
    LegalHold.objects.update(ended_at=timezone.now())
    with time_machine.travel(appointment.slot.starts + timedelta(minutes=1)):
        late = come_in_with_code(appointment)
        assert "Remove" not in late.get(url("documents")).text
        assert late.post(url("remove_document", row.pk)).status_code == 409
    assert Document.objects.count() == len(kept()) == 1


def test_a_request_is_shown_until_it_is_met_or_waived(appointment, patient):
    staff = people.make_person("Clinician")
    ct, report = (documents.request(appointment=appointment, what=what, by=staff) for what in ["The CT", "A report"])
    page = patient.get(url("documents")).text
    assert "We still need" in page
    assert documents.waive(request=report, by=staff)
    assert not documents.waive(request=report, by=staff)
    send(patient)
    row = Document.objects.get()
    patient.post(url("describe_document", row.pk), {"description": "CT of March", "meets": ct.pk})
    page = patient.get(url("documents")).text
    assert "We still need" not in page
    assert all(words in page for words in ["CT of March", "We had asked for: The CT"])
    patient.post(url("describe_document", row.pk), {"description": "", "meets": ""})
    assert [each.what for each in appointment.document_requests.missing()] == ["The CT"]


def test_a_document_cannot_meet_another_patients_request(appointment, patient):
    other = documents.request(appointment=make_appointment(), what="Theirs", by=people.make_person("Clinician"))
    documents.request(appointment=appointment, what="Mine", by=people.make_person("Clinician"))
    assert "This has arrived meanwhile." in send(patient, meets=other.pk).text
    assert not DocumentRequest.objects.filter(met_by__isnull=False).exists()


def test_senders_without_permission_are_refused_before_the_body_is_read(appointment, kept):
    """A stranger's file is not even written to the disk; and a forged form is refused."""
    body = {"files": [upload(content=bytes(3 * 2**20))], "agree": "on"}
    stranger = Client().post(url("documents"), body)
    assert (stranger.status_code, kept()) == (403, [])
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = come_in_with_code(appointment).cookies
    assert forged.post(url("documents"), body).status_code == 403
    assert (Document.objects.count(), kept()) == (0, [])


def test_a_script_that_sends_files_is_answered_as_data(patient):
    headers = {"Accept": "application/json"}
    answer = patient.post(url("documents"), {"files": [upload()]}, headers=headers)
    assert answer.json() == {"arrived": 1, "problems": []}
    answer = patient.post(url("documents"), {"files": [upload("a.svg", hostile.SVG)]}, headers=headers)
    assert answer.json()["problems"][0].startswith("a.svg: This is an SVG picture.")


def test_the_page_takes_as_many_queries_for_thirty_documents_as_for_one(
    appointment, patient, django_assert_max_num_queries
):
    def page_with(count: int) -> int:
        rows = [
            Document(appointment=appointment, kind="pdf", name=f"{n}.pdf", file=f"{n}", size=1, sha256=f"{count} {n}")
            for n in range(count)
        ]
        Document.objects.bulk_create(rows)
        asked = [DocumentRequest(appointment=appointment, what="A", met_by=row) for row in rows]
        DocumentRequest.objects.bulk_create(asked)
        with django_assert_max_num_queries(100) as counted:
            assert patient.get(url("documents")).status_code == 200
        return len(counted)

    assert page_with(1) == page_with(30)


def test_the_audit_log_has_the_action_and_not_the_content(appointment, patient):
    send(patient, upload("HIV test.pdf"), description="HIV")
    entries = AuditEntry.objects.filter(action="changed")
    assert [(entry.actor, entry.detail) for entry in entries] == [("the patient", "Document added")]


def test_of_two_files_at_once_the_limit_lets_one_in(committed, kept, settings):
    settings.DOCUMENTS_MOST = 1
    appointment = make_appointment()
    documents.agree(appointment=appointment)

    def add(number: int) -> None:
        keep(appointment, different(number))

    outcomes = at_once(lambda: add(1), lambda: add(2), refused=UserFacingError)
    assert sum(isinstance(outcome, UserFacingError) for outcome in outcomes) == 1
    assert Document.objects.count() == len(kept()) == 1


def test_the_sweep_deletes_the_remains_of_a_killed_process(patient, kept, settings):
    send(patient)
    orphan = Path(Document.objects.get().file.path).with_name("orphan")
    orphan.write_bytes(b"left")
    piece = settings.FILE_UPLOAD_TEMP_DIR / "abc.upload.pdf"
    piece.write_bytes(b"left")
    assert documents.sweep() == 0
    later = timezone.now() + timedelta(days=2)
    assert documents.sweep(later, dry_run=True) == 2
    assert len(kept()) == 3
    assert documents.sweep(later) == 2
    assert [str(path) for path in kept()] == [Document.objects.get().file.path]
