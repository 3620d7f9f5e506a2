"""Documents: the records that patients send, and that staff add for them or ask for.

A file is checked before anything is kept. File and row come together and go together: the file is written first and
is deleted again when the row is not kept; a row that is deleted takes its file along once that is certain. What a
process that was killed between the two left behind is found by `sweep`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import OperationalError, transaction
from django.db.models import Sum
from django.utils import timezone

from appointments.choices import ConsentKind
from appointments.documents.scanning import clamd, sandbox
from appointments.documents.scanning.filechecks.names import harmless
from appointments.documents.scanning.filechecks.problems import FileProblem
from appointments.governance import audit, consents, legal_holds
from appointments.models import Appointment, AuditEntry, Document, DocumentRequest
from appointments.models.documents import generated_name, private_files

MEGABYTE = 1024 * 1024
FOLDER = "documents"  # in the storage
UNCLAIMED = timedelta(days=1)  # how old a file without a row is before nobody can be about to write the row
CHANGED = AuditEntry.Action.CHANGED

TWICE = "You have sent this file already: it is “{name}” in the list."
DISK = "This file could not be saved. Nothing is wrong with it. Try again in a few minutes, or call us."
TOO_MANY = "You can send up to {most} files. Put DICOM images into one zip file, or call us."
TOO_LARGE = "This file is larger than {largest} MB. Send a smaller one, send it in parts, or call us."
NO_ROOM = "All your files together can be {largest} MB large. This one is too much. Remove another one, or call us."
NOT_AGREED = "You do not agree any more that we keep your files, so we did not keep this one."
GONE = "We do not hold your record any more, so we did not keep this file. Call us if you have a question."
KEPT = "We have to keep this file for now. Call us, and we explain why."


class DocumentError(Exception):
    """A document is not taken or not removed. The message says why and what to do."""


def refusal(why: str) -> str:
    """Why a file was dropped while it came in (`calcsite.web.uploads`), in words for who sent it."""
    words = {"too many": TOO_MANY, "too large": TOO_LARGE, "no room": NO_ROOM, "disk": DISK}[why]
    largest = settings.DOCUMENTS_MEGABYTES if why == "no room" else settings.DOCUMENT_MEGABYTES
    return words.format(most=settings.DOCUMENTS_MOST, largest=largest)


def largest_file() -> int:
    """In bytes. Read at each use, as `calcsite.web.uploads` asks for it."""
    return settings.DOCUMENT_MEGABYTES * MEGABYTE


def largest_together() -> int:
    return settings.DOCUMENTS_MEGABYTES * MEGABYTE


def most_files() -> int:
    """Of one appointment, and so of one form."""
    return settings.DOCUMENTS_MOST


def has_agreed(appointment: Appointment) -> bool:
    """Whether the patient agrees, as of now, that records are kept."""
    return appointment.consents.filter(kind=ConsentKind.DOCUMENTS, withdrawn_at=None).exists()


def agree(*, appointment: Appointment, at: datetime | None = None) -> None:
    """Put on record that the patient agrees to the wording of today. Who agreed before need not do it again."""
    consents.give(appointment=appointment, kind=ConsentKind.DOCUMENTS, at=at)


def add(
    *,
    appointment: Appointment,
    file: TemporaryUploadedFile,
    description: str = "",
    meets: DocumentRequest | None = None,
    by: AbstractBaseUser | None = None,
    at: datetime | None = None,
) -> Document:
    """Check a file that has come in, and keep it. Raises DocumentError when it is not kept, and then nothing is.

    `meets` is the request that it answers. Without `by` the patient has sent it.
    """
    digest = _digest_of(file)
    _refuse_what_has_no_place(Document(appointment=appointment, size=file.size, sha256=digest, added_by=by))
    kind = _kind_of(file)
    stored = _store(file)
    row = Document(
        appointment=appointment,
        kind=kind,
        name=harmless(file.name or "", kind),
        description=description,
        file=stored,
        size=file.size,
        sha256=digest,
        added_by=by,
        added_at=at or timezone.now(),
    )
    try:
        _insert(row, meets)
    except BaseException as error:
        _delete_file(stored)
        if isinstance(error, OperationalError):  # the database's own disk is full, or it is away
            raise DocumentError(DISK) from error
        raise
    return row


def _kind_of(file: TemporaryUploadedFile) -> str:
    try:
        with sandbox.turn():
            kind = sandbox.kind_of(file.temporary_file_path())
            clamd.check(file)
    except FileProblem as problem:
        raise DocumentError(str(problem)) from problem
    return kind


def _digest_of(file: TemporaryUploadedFile) -> str:
    file.seek(0)  # which writes to the disk what is still in memory
    digest = hashlib.file_digest(file.file, "sha256").hexdigest()
    file.seek(0)
    return digest


def _store(file: TemporaryUploadedFile) -> str:
    """Write the file under a generated name. What was written before the disk was full is deleted again."""
    name = generated_name(Document(), "")
    try:
        return private_files().save(name, file)
    except OSError as error:
        _delete_file(name)
        raise DocumentError(DISK) from error


def _delete_file(name: str) -> None:
    """A file that cannot be deleted now is deleted by `sweep`."""
    with suppress(OSError):
        private_files().delete(name)


@transaction.atomic
def _insert(row: Document, meets: DocumentRequest | None) -> None:
    """The row, under its appointment's lock: of two files at once, the second one is counted against the first."""
    appointment = Appointment.objects.select_for_update().filter(pk=row.appointment_id).first()
    if appointment is None:
        raise DocumentError(GONE)
    _refuse_what_has_no_place(row)
    row.save(force_insert=True)
    if meets:
        DocumentRequest.objects.filter(pk=meets.pk, appointment=appointment, met_by=None).update(met_by=row)
    audit.record(CHANGED, appointment, by=row.added_by or audit.PATIENT, detail="Document added")


def _refuse_what_has_no_place(row: Document) -> None:
    """Raises DocumentError for a file too many, too large or without consent.

    It is asked before a file is checked, which takes long, and again under the lock.
    """
    there = Document.objects.filter(appointment=row.appointment)
    if row.added_by is None and not has_agreed(row.appointment):
        raise DocumentError(NOT_AGREED)
    if row.size > largest_file():
        raise DocumentError(refusal("too large"))
    if same := there.filter(sha256=row.sha256).first():
        raise DocumentError(TWICE.format(name=same.name))
    if there.count() >= most_files():
        raise DocumentError(refusal("too many"))
    if (there.aggregate(size=Sum("size"))["size"] or 0) + row.size > largest_together():
        raise DocumentError(refusal("no room"))


@transaction.atomic
def remove(*, document: Document, by: AbstractBaseUser | None = None, at: datetime | None = None) -> None:
    """Delete a document and its file. A request that it met is open again.

    Patients remove what they have sent, until the appointment begins: from then on it is what the opinion rests on.
    Staff remove what staff have added. Raises DocumentError otherwise.
    """
    appointment = _locked(document.appointment)
    if not may_remove(document, appointment, by=by, at=at):
        raise DocumentError("This file cannot be removed here any more. Call us if it should not be kept.")
    _delete(appointment, [document], by=by or audit.PATIENT)


@transaction.atomic
def remove_sent(*, appointment: Appointment) -> None:
    """Delete all that the patient has sent, whenever that was: they no longer agree that it is kept.

    Raises DocumentError when a legal hold forbids it.
    """
    row = _locked(appointment)
    _delete(row, list(Document.objects.filter(appointment=row, added_by=None)), by=audit.PATIENT)


def _locked(appointment: Appointment) -> Appointment:
    """The row of an appointment whose files may be deleted. Raises DocumentError when a legal hold forbids it."""
    try:
        return legal_holds.locked(appointment)
    except legal_holds.HeldError as error:
        raise DocumentError(KEPT) from error


def _delete(appointment: Appointment, documents: list[Document], *, by: AbstractBaseUser | str) -> None:
    """Delete rows of an appointment that is locked, each with an entry in the log, and then their files."""
    Document.objects.filter(pk__in=[each.pk for each in documents]).delete()
    audit.record(CHANGED, *[appointment] * len(documents), by=by, detail="Document removed")
    transaction.on_commit(lambda: [_delete_file(each.file.name) for each in documents])


def may_remove(
    document: Document, appointment: Appointment, *, by: AbstractBaseUser | None = None, at: datetime | None = None
) -> bool:
    """Whether the rule of `remove` lets the patient, or staff (`by`), remove it; legal holds apart."""
    if by:
        return document.added_by_id is not None
    return document.added_by_id is None and appointment.slot.starts > (at or timezone.now())


@transaction.atomic
def describe(*, document: Document, description: str, meets: DocumentRequest | None = None) -> None:
    """Say what a document is, and which request it answers."""
    Document.objects.filter(pk=document.pk).update(description=description)
    DocumentRequest.objects.filter(met_by=document).update(met_by=None)
    if meets:
        open_or_its_own = DocumentRequest.objects.filter(pk=meets.pk, appointment=document.appointment_id, met_by=None)
        open_or_its_own.update(met_by=document)
    audit.record(CHANGED, document.appointment, by=audit.PATIENT, detail="Document described")


@transaction.atomic
def request(
    *, appointment: Appointment, what: str, by: AbstractBaseUser, at: datetime | None = None
) -> DocumentRequest:
    """Ask a patient for a record. It stands on their page until it is there, or not needed any more."""
    audit.record(CHANGED, appointment, by=by, detail="Asked for a document")
    return DocumentRequest.objects.create(
        appointment=appointment, what=what, asked_by=by, asked_at=at or timezone.now()
    )


@transaction.atomic
def waive(*, request: DocumentRequest, by: AbstractBaseUser, at: datetime | None = None) -> bool:
    """Say that a record is not needed. Returns whether it was missing until now."""
    still = DocumentRequest.objects.missing().filter(pk=request.pk)
    if still.update(waived_at=at or timezone.now()) != 1:
        return False
    audit.record(CHANGED, request.appointment, by=by, detail="A document is not needed any more")
    return True


def sweep(at: datetime | None = None, *, dry_run: bool = False) -> int:
    """Delete files that no row knows, and pieces of uploads that ended in the middle. Returns how many there were."""
    before = (at or timezone.now()) - UNCLAIMED
    storage, known = private_files(), set(Document.objects.values_list("file", flat=True))
    orphans = [name for name in _stored() if name not in known and storage.get_modified_time(name) < before]
    incoming = Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*")
    pieces = [path for path in incoming if path.stat().st_mtime < before.timestamp()]
    if not dry_run:
        for name in orphans:
            _delete_file(name)
        for path in pieces:
            path.unlink(missing_ok=True)
    return len(orphans) + len(pieces)


def _stored() -> Iterator[str]:
    """The names of all files that are kept, whoever knows of them."""
    storage = private_files()
    with suppress(FileNotFoundError):
        for folder in storage.listdir(FOLDER)[0]:
            for name in storage.listdir(f"{FOLDER}/{folder}")[1]:
                yield str(PurePosixPath(FOLDER, folder, name))
