"""Erasure (UK GDPR, article 17): a patient asks to delete all their data, and staff carry it out or refuse.

Deleted are the rows listed by `registry`, with their files, the sessions opened by its
links, and the counts of rate limits. The audit log stays: it holds a reference, and no name. The patient gets no
message, because their address is deleted too; the page on which they ask explains that.

A tombstone outside the database is written before the commit. From then on the erasure is final: if a later step
fails, or an older backup is restored, `apply_again` repeats it before the record is shown again.
"""

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from appointments.access import carers
from appointments.access import links as access
from appointments.booking import booking
from appointments.choices import Status
from appointments.governance import audit, legal_holds, tombstones
from appointments.governance.tombstones import StoredFile
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Draft, ErasureRequest, Message, Tombstone
from appointments.privacy import registry
from calcsite.errors import UserFacingError
from calcsite.security import limits

Action = AuditEntry.Action
LINKS_BY_SESSION_KEY = [(access.SESSION, "links"), (carers.SESSION, "carer_links")]  # session key, related name
SESSION_MESSAGES = SessionStorage.session_key  # messages of the session, as JSON, which staff may not have seen
MAIL_SEPARATOR = b"-" * 79 + b"\n"  # of Django's file-based backend
TOMBSTONE_FAILED = (
    "The disk of the site may be full. Nothing is erased. Tell whoever runs the site, and try again then."
)


@transaction.atomic
def ask(*, appointment: Appointment, at: datetime | None = None) -> None:
    """Record the patient's request for erasure. No effect if one is open."""
    try:
        with transaction.atomic():
            ErasureRequest.objects.create(appointment=appointment, asked_at=at or timezone.now())
    except IntegrityError:
        return  # there is an open request
    audit.record(Action.CHANGED, appointment, by=audit.PATIENT, detail="Erasure asked for")


@transaction.atomic
def withdraw(*, appointment: Appointment) -> None:
    """Withdraw the request for erasure, unless staff have decided on it."""
    if ErasureRequest.objects.waiting().filter(appointment=appointment).delete()[0]:
        audit.record(Action.CHANGED, appointment, by=audit.PATIENT, detail="Erasure no longer asked for")


@transaction.atomic
def refuse(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> bool:
    """Refuse an open request, with a message to the patient. Returns whether they have an address for it.

    Raises UserFacingError if there is no open request.
    """
    decision = {"refused_at": at or timezone.now(), "refused_why": why, "refused_by": by}
    if ErasureRequest.objects.waiting().filter(appointment=appointment).update(**decision) != 1:
        raise UserFacingError("There is no open request: they took it back, or somebody has answered it.")
    audit.record(Action.CHANGED, appointment, by=by, detail="Erasure refused")
    text = render_to_string("appointments/privacy/refusal.txt", {"why": why})
    try:
        queue.send_from_staff(appointment=appointment, text=text, by=by, at=at)
    except UserFacingError:
        return False
    return True


@transaction.atomic
def erase(*, appointment: Appointment, by: AbstractUser | None = None, at: datetime | None = None) -> None:
    """Delete all data of an appointment's patient. Without `by` the site itself is the actor.

    An upcoming appointment frees its slot. Raises HeldError if there is a legal hold, and UserFacingError if the
    appointment is erased already or no tombstone can be written; then nothing changes.
    """
    try:
        row = legal_holds.lock(appointment)
    except Appointment.DoesNotExist as error:
        raise UserFacingError("This appointment has been erased already.") from error
    audit.record(Action.ERASED, row, by=by or audit.SITE)
    try:
        _erase(row, at or timezone.now())
    except tombstones.TombstoneError as error:
        raise UserFacingError(TOMBSTONE_FAILED) from error


def _erase(row: Appointment, at: datetime) -> None:
    """Delete the rows, write the tombstone, delete the files. `apply_again` repeats it if a later step fails."""
    _lock_parents(row)
    files = [file for _, file in registry.files_of(row)]
    # All keys are read before the first deletion, because some rows are found through others.
    keys_by_model = [
        (model, list(registry.rows_of(row, model).values_list("pk", flat=True)))
        for model in registry.models_to_delete()
    ]
    _delete_sent_files(row)
    _delete_traces(row)
    for model, keys in keys_by_model:
        model._base_manager.filter(pk__in=keys).delete()
    tombstones.write(row, files, at)
    _delete_files(files)
    transaction.on_commit(_truncate_wal)


def _lock_parents(row: Appointment) -> None:
    """Lock a row and the parents of its child rows, so that no child is added. The caller's lock lets children be
    added.

    Composing a message, a check-in, and the worker's note about an e-mail are finished before this lock is granted,
    and their rows are found. The booking of a follow-up locks the plan, and then its draft: the plan comes first here,
    too.
    """
    for model in registry.parents_to_lock():
        list(
            model._base_manager.select_for_update(of=("self",))
            .filter(**{registry.PATHS[model]: row.pk})
            .order_by("pk")
        )
    Appointment.objects.select_for_update().get(pk=row.pk)


def _truncate_wal() -> None:
    """Truncate SQLite's write-ahead log, which keeps older pages. PostgreSQL vacuums by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _delete_files(files: list[StoredFile]) -> None:
    for file in files:
        file.storage.delete(file.name)


def _delete_traces(row: Appointment) -> None:
    """Delete rows that refer to an appointment without a foreign key."""
    Message.objects.filter(appointment=None, text__iexact=row.email).exclude(text="").delete()
    for scope, key in [
        ("code", row.pk),
        ("guess", row.pk),
        ("link address", row.email),
        (booking.BOOKED_BY_EMAIL, row.email),
    ]:
        limits.forget(scope=scope, key=str(key).casefold())
    for model in registry.PATHS:
        keys = [str(key) for key in registry.rows_of(row, model).values_list("pk", flat=True)]
        LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=keys).delete()
    _delete_sessions(row)
    _delete_drafts(row)


def _delete_drafts(row: Appointment) -> None:
    """Delete the unbooked drafts with the patient's e-mail address: they have no other link to the patient."""
    address = json.dumps(row.email, ensure_ascii=False).casefold()
    unbooked = Draft.objects.filter(Q(appointment=None) | Q(appointment__status=Status.HELD))
    keys = [
        key
        for key, answers in unbooked.values_list("pk", "answers").iterator()
        if row.email and address in json.dumps(answers, ensure_ascii=False).casefold()
    ]
    Draft.objects.filter(pk__in=keys).delete()


def _delete_sessions(row: Appointment) -> None:
    """Delete the sessions opened by the appointment's links, and messages with the patient's name in other
    sessions.
    """
    opening = {
        (key, pk) for key, links in LINKS_BY_SESSION_KEY for pk in getattr(row, links).values_list("pk", flat=True)
    }
    name, keys = json.dumps(row.name)[1:-1], []
    for session in Session.objects.iterator():
        known = session.get_decoded()
        if opening & {(key, known.get(key)) for key, _ in LINKS_BY_SESSION_KEY}:
            keys.append(session.pk)
        elif name and name in known.get(SESSION_MESSAGES, ""):
            left = {key: value for key, value in known.items() if key != SESSION_MESSAGES}
            Session.objects.filter(pk=session.pk).update(session_data=Session.objects.encode(left))
    Session.objects.filter(pk__in=keys).delete()


def _delete_sent_files(row: Appointment) -> None:
    """Where mail is written to files instead of being sent, remove the appointment's messages from them."""
    folder = Path(settings.EMAIL_FILE_PATH) if settings.EMAIL_FILE_PATH else None
    if folder is None or not folder.is_dir():
        return
    sent = [message.message_id.encode() for message in registry.rows_of(row, Message)]
    if row.email and not Appointment.objects.of_address(row.email).exclude(pk=row.pk).exists():
        sent.append(f"\nTo: {row.email}\n".encode())  # mails whose message is gone
    for path in filter(Path.is_file, folder.iterdir()):
        found = path.read_bytes().split(MAIL_SEPARATOR)
        others = [mail for mail in found if not any(each in mail for each in sent)]
        if len(others) < len(found):
            path.write_bytes(MAIL_SEPARATOR.join(others)) if any(map(bytes.strip, others)) else path.unlink()


def apply_again() -> int:
    """Repeat the erasures that are missing from the database, because it was restored from an older backup.

    Legal holds are ignored: none was in force at the erasure, and one from the backup has ended. Returns the number of
    tombstones. Without a restore it reads one folder.
    """
    unknown = tombstones.unapplied()
    back = {tombstones.digest(row): row for row in Appointment.objects.only("uid").iterator()} if unknown else {}
    for kept in unknown:
        with transaction.atomic():
            if kept.digest in back:
                row = Appointment.objects.select_for_update(no_key=True).filter(pk=back[kept.digest].pk).first()
                if row:
                    audit.record(Action.ERASED, row, by=audit.SITE, detail="Again, after a restore")
                    _erase(row, kept.erased_at)
            Tombstone.objects.get_or_create(digest=kept.digest, defaults={"erased_at": kept.erased_at})
            _delete_files(kept.files)
    return len(unknown)
