"""Documents: the records that patients send, and that staff add for them or request.

A file is checked before it is stored. File and row are kept together: the file is written first and deleted again if
the row is not committed; a deleted row takes its file along after the commit. `sweep` deletes the files left behind by
a process that was killed in between.
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
from appointments.documents.scanning.filechecks.names import safe_name
from appointments.documents.scanning.filechecks.problems import FileProblem
from appointments.governance import audit, consents, legal_holds
from appointments.governance.legal_holds import HeldError
from appointments.models import Appointment, AuditEntry, Document, DocumentRequest
from appointments.models.documents import generated_name, private_files
from calcsite.errors import UserFacingError

MEGABYTE = 1024 * 1024
FOLDER = "documents"  # in the storage
ORPHAN_AGE = timedelta(days=1)  # from this age on, a file's row is not about to be written any more
CHANGED = AuditEntry.Action.CHANGED

DUPLICATE = "You have sent this file already: it is “{name}” in the list."
DISK_FULL = "This file could not be saved. Nothing is wrong with it. Try again in a few minutes, or call us."
TOO_MANY = "You can send up to {most} files. Put DICOM images into one zip file, or call us."
TOO_LARGE = "This file is larger than {largest} MB. Send a smaller one, send it in parts, or call us."
NO_ROOM = "All your files together can be {largest} MB large. This one is too much. Remove another one, or call us."
NOT_AGREED = "You do not agree any more that we keep your files, so we did not keep this one."
RECORD_ERASED = "We do not hold your record any more, so we did not keep this file. Call us if you have a question."
UNDER_LEGAL_HOLD = "We have to keep this file for now. Call us, and we explain why."


def refusal(why: str) -> str:
    """The sentence for the sender of a file that was dropped while it came in (`calcsite.web.uploads`)."""
    words = {"too many": TOO_MANY, "too large": TOO_LARGE, "no room": NO_ROOM, "disk": DISK_FULL}[why]
    largest = settings.DOCUMENTS_MEGABYTES if why == "no room" else settings.DOCUMENT_MEGABYTES
    return words.format(most=settings.DOCUMENTS_MOST, largest=largest)


def max_file_bytes() -> int:
    """The limit for one file in bytes. Read at each use, as `calcsite.web.uploads` requires."""
    return settings.DOCUMENT_MEGABYTES * MEGABYTE


def max_total_bytes() -> int:
    return settings.DOCUMENTS_MEGABYTES * MEGABYTE


def max_files() -> int:
    """The limit of files for one appointment, and so for one form."""
    return settings.DOCUMENTS_MOST


def has_agreed(appointment: Appointment) -> bool:
    """Whether the patient's consent to keeping records is in force."""
    return appointment.consents.filter(kind=ConsentKind.DOCUMENTS, withdrawn_at=None).exists()


def agree(*, appointment: Appointment, at: datetime | None = None) -> None:
    """Record the patient's consent to the current wording. No effect if a consent is in force."""
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
    """Check an uploaded file and store it. Raises UserFacingError if it is not stored; then no trace of it is left.

    `meets` is the request that the document answers. Without `by` the patient is the sender.
    """
    digest = _digest_of(file)
    _check_limits(Document(appointment=appointment, size=file.size, sha256=digest, added_by=by))
    kind = _kind_of(file)
    stored = _store(file)
    row = Document(
        appointment=appointment,
        kind=kind,
        name=safe_name(file.name or "", kind),
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
            raise UserFacingError(DISK_FULL) from error
        raise
    return row


def _kind_of(file: TemporaryUploadedFile) -> str:
    try:
        with sandbox.turn():
            kind = sandbox.kind_of(file.temporary_file_path())
            clamd.check(file)
    except FileProblem as problem:
        raise UserFacingError(str(problem)) from problem
    return kind


def _digest_of(file: TemporaryUploadedFile) -> str:
    file.seek(0)  # which writes the part in memory to the disk
    digest = hashlib.file_digest(file.file, "sha256").hexdigest()
    file.seek(0)
    return digest


def _store(file: TemporaryUploadedFile) -> str:
    """Write the file under a generated name. A partial file is deleted if the disk is full."""
    name = generated_name(Document(), "")
    try:
        return private_files().save(name, file)
    except OSError as error:
        _delete_file(name)
        raise UserFacingError(DISK_FULL) from error


def _delete_file(name: str) -> None:
    """Delete a file. One that cannot be deleted now is left to `sweep`."""
    with suppress(OSError):
        private_files().delete(name)


@transaction.atomic
def _insert(row: Document, meets: DocumentRequest | None) -> None:
    """Insert the row under its appointment's lock, so that the limits hold for simultaneous uploads."""
    appointment = Appointment.objects.select_for_update().filter(pk=row.appointment_id).first()
    if appointment is None:
        raise UserFacingError(RECORD_ERASED)
    _check_limits(row)
    row.save(force_insert=True)
    if meets:
        DocumentRequest.objects.filter(pk=meets.pk, appointment=appointment, met_by=None).update(met_by=row)
    audit.record(CHANGED, appointment, by=row.added_by or audit.PATIENT, detail="Document added")


def _check_limits(row: Document) -> None:
    """Raises UserFacingError for too many files, too large a file, a duplicate, or without consent.

    Called before a file is checked, which takes long, and again under the lock.
    """
    there = Document.objects.filter(appointment=row.appointment)
    if row.added_by is None and not has_agreed(row.appointment):
        raise UserFacingError(NOT_AGREED)
    if row.size > max_file_bytes():
        raise UserFacingError(refusal("too large"))
    if same := there.filter(sha256=row.sha256).first():
        raise UserFacingError(DUPLICATE.format(name=same.name))
    if there.count() >= max_files():
        raise UserFacingError(refusal("too many"))
    if (there.aggregate(size=Sum("size"))["size"] or 0) + row.size > max_total_bytes():
        raise UserFacingError(refusal("no room"))


@transaction.atomic
def remove(*, document: Document, by: AbstractBaseUser | None = None, at: datetime | None = None) -> None:
    """Delete a document and its file. A request that it met is open again.

    Patients remove documents that they sent, until the appointment begins: from then on the opinion rests on them.
    Staff remove documents that staff added. Raises UserFacingError otherwise.
    """
    appointment = _locked(document.appointment)
    if not may_remove(document, appointment, by=by, at=at):
        raise UserFacingError("This file cannot be removed here any more. Call us if it should not be kept.")
    _delete(appointment, [document], by=by or audit.PATIENT)


@transaction.atomic
def remove_sent(*, appointment: Appointment) -> None:
    """Delete all documents that the patient sent, at any time, because their consent is withdrawn.

    Raises HeldError if there is a legal hold.
    """
    row = _locked(appointment)
    _delete(row, list(Document.objects.filter(appointment=row, added_by=None)), by=audit.PATIENT)


def _locked(appointment: Appointment) -> Appointment:
    """The locked row of an appointment. Raises HeldError if there is a legal hold."""
    try:
        return legal_holds.lock(appointment)
    except HeldError as error:
        raise HeldError(UNDER_LEGAL_HOLD) from error


def _delete(appointment: Appointment, documents: list[Document], *, by: AbstractBaseUser | str) -> None:
    """Delete documents of a locked appointment, each with an audit entry, and their files after the commit."""
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
    """Update a document's description, and the request that it meets."""
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
    """Request a record from the patient. It stays on their page until it is met or waived."""
    audit.record(CHANGED, appointment, by=by, detail="Asked for a document")
    return DocumentRequest.objects.create(
        appointment=appointment, what=what, asked_by=by, asked_at=at or timezone.now()
    )


@transaction.atomic
def waive(*, request: DocumentRequest, by: AbstractBaseUser, at: datetime | None = None) -> bool:
    """Mark a requested record as not needed. Returns whether it was missing until now."""
    still = DocumentRequest.objects.missing().filter(pk=request.pk)
    if still.update(waived_at=at or timezone.now()) != 1:
        return False
    audit.record(CHANGED, request.appointment, by=by, detail="A document is not needed any more")
    return True


def sweep(at: datetime | None = None, *, dry_run: bool = False) -> int:
    """Delete files without a row, and parts of interrupted uploads. Returns their number."""
    before = (at or timezone.now()) - ORPHAN_AGE
    storage, known = private_files(), set(Document.objects.values_list("file", flat=True))
    orphans = [name for name in _stored_names() if name not in known and storage.get_modified_time(name) < before]
    incoming = Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*")
    pieces = [path for path in incoming if path.stat().st_mtime < before.timestamp()]
    if not dry_run:
        for name in orphans:
            _delete_file(name)
        for path in pieces:
            path.unlink(missing_ok=True)
    return len(orphans) + len(pieces)


def _stored_names() -> Iterator[str]:
    """The names of all stored files, with or without a row."""
    storage = private_files()
    with suppress(FileNotFoundError):
        for folder in storage.listdir(FOLDER)[0]:
            for name in storage.listdir(f"{FOLDER}/{folder}")[1]:
                yield str(PurePosixPath(FOLDER, folder, name))
