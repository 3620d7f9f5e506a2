"""Erasure: a patient asks that everything held about them be deleted, and staff do it or say why not (UK GDPR, 17).

What is deleted is what `holdings` lists, with the files, the messages in the outbox, the sessions that came by its
links, and the counts of what was tried. The audit log stays: it holds a reference, and nobody's name. The patient gets
no message when it is done, because their address goes too; the page on which they ask says so.

A tombstone outside the database is written before anything is committed. From then on the erasure is decided: if what
follows fails, or an older backup is restored, `apply_again` does it again before anybody sees the record.
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
from post_office.models import Email

from appointments.access import carers
from appointments.access import links as access
from appointments.booking import limits as booking_limits
from appointments.choices import Status
from appointments.governance import audit, legal_holds, tombstones
from appointments.governance.tombstones import StoredFile
from appointments.messages import messaging
from appointments.models import Appointment, AuditEntry, Draft, ErasureRequest, Message, Tombstone
from appointments.privacy import registry
from calcsite.security import limits

Action = AuditEntry.Action
OPENED_BY = [(access.SESSION, "links"), (carers.SESSION, "carer_links")]  # what a session holds the key of
TOLD = SessionStorage.session_key  # the session's key of messages after a step, as JSON: staff may not have seen them
BETWEEN_MAILS = b"-" * 79 + b"\n"  # as Django's backend for files writes them
NOT_NOTED = "The disk of the site may be full. Nothing is erased. Tell whoever runs the site, and try again then."


class ErasureError(Exception):
    """It is not possible now. The message says why."""


@transaction.atomic
def ask(*, appointment: Appointment, at: datetime | None = None) -> None:
    """Note that the patient wants everything erased. Asked twice it is asked once."""
    try:
        with transaction.atomic():
            ErasureRequest.objects.create(appointment=appointment, asked_at=at or timezone.now())
    except IntegrityError:
        return  # there is an open request
    audit.record(Action.CHANGED, appointment, by=audit.PATIENT, detail="Erasure asked for")


@transaction.atomic
def withdraw(*, appointment: Appointment) -> None:
    """Take back the wish, as long as nobody has decided."""
    if ErasureRequest.objects.waiting().filter(appointment=appointment).delete()[0]:
        audit.record(Action.CHANGED, appointment, by=audit.PATIENT, detail="Erasure no longer asked for")


@transaction.atomic
def refuse(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> bool:
    """Say no to an open request, in words that the patient is sent. Returns whether they have an address for it.

    Raises ErasureError when there is no open request.
    """
    decision = {"refused_at": at or timezone.now(), "refused_why": why, "refused_by": by}
    if ErasureRequest.objects.waiting().filter(appointment=appointment).update(**decision) != 1:
        raise ErasureError("There is no open request: they took it back, or somebody has answered it.")
    audit.record(Action.CHANGED, appointment, by=by, detail="Erasure refused")
    text = render_to_string("appointments/privacy/refusal.txt", {"why": why})
    try:
        messaging.send_from_staff(appointment=appointment, text=text, by=by, at=at)
    except messaging.MessagingError:
        return False
    return True


@transaction.atomic
def erase(*, appointment: Appointment, by: AbstractUser | None = None, at: datetime | None = None) -> None:
    """Delete everything held about the patient of an appointment. With no `by` it is the site that does it.

    An appointment that was still to come frees its slot. Raises ErasureError when there is a legal hold on it, when it
    is gone already, or when no tombstone can be written; then everything is as it was.
    """
    try:
        row = legal_holds.locked(appointment)
    except Appointment.DoesNotExist as error:
        raise ErasureError("This appointment has been erased already.") from error
    except legal_holds.HeldError as error:
        raise ErasureError(str(error)) from error
    audit.record(Action.ERASED, row, by=by or audit.SITE)
    try:
        _erase(row, at or timezone.now())
    except tombstones.TombstoneError as error:
        raise ErasureError(NOT_NOTED) from error


def _erase(row: Appointment, at: datetime) -> None:
    """Delete rows, then say so outside, then delete files: what fails on the way is done again by `apply_again`."""
    _wait_for_others(row)
    files = [file for _, file in registry.files_of(row)]
    # All are found before the first is deleted: some lead to others.
    going = [(model, list(registry.rows_of(row, model).values_list("pk", flat=True))) for model in registry.doomed()]
    _delete_sent_files(row)
    _delete_traces(row)
    for model, keys in going:
        model._base_manager.filter(pk__in=keys).delete()
    tombstones.keep(row, files, at)
    _delete_files(files)
    transaction.on_commit(_empty_the_log)


def _wait_for_others(row: Appointment) -> None:
    """Lock a row, and those to which something can be added, so that nothing is. Its caller has a lock that lets
    children be.

    Whoever composes a message at this moment needs that to finish; then their e-mail is found. The same is true of a
    check-in, and of what the worker notes about an e-mail. Who books a follow-up locks the plan, and then their draft:
    here, too, the plan comes first.
    """
    for model in registry.leading_on():
        list(
            model._base_manager.select_for_update(of=("self",))
            .filter(**{registry.PATHS[model]: row.pk})
            .order_by("pk")
        )
    Appointment.objects.select_for_update().get(pk=row.pk)


def _empty_the_log() -> None:
    """On SQLite, older pages stay in the write-ahead log until it is emptied. PostgreSQL clears up by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _delete_files(files: list[StoredFile]) -> None:
    for file in files:
        file.storage.delete(file.name)


def _delete_traces(row: Appointment) -> None:
    """Delete what points to an appointment's rows without a foreign key."""
    Message.objects.filter(appointment=None, text__iexact=row.email).exclude(text="").delete()
    for scope, key in [
        ("code", row.pk),
        ("guess", row.pk),
        ("link address", row.email),
        (booking_limits.BOOK, row.email),
    ]:
        limits.forget(scope=scope, key=str(key).casefold())
    for model in registry.PATHS:
        keys = [str(key) for key in registry.rows_of(row, model).values_list("pk", flat=True)]
        LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=keys).delete()
    _delete_sessions(row)
    _delete_drafts(row)


def _delete_drafts(row: Appointment) -> None:
    """Delete what the same patient has begun to write and not booked, by their address: nothing else leads to it."""
    address = json.dumps(row.email, ensure_ascii=False).casefold()
    unbooked = Draft.objects.filter(Q(appointment=None) | Q(appointment__status=Status.HELD))
    keys = [
        key
        for key, *written in unbooked.values_list("pk", "answers", "details").iterator()
        if row.email and address in json.dumps(written, ensure_ascii=False).casefold()
    ]
    Draft.objects.filter(pk__in=keys).delete()


def _delete_sessions(row: Appointment) -> None:
    """Delete the sessions of those who came by the appointment's links, and what others were told with its name."""
    opening = {(key, pk) for key, links in OPENED_BY for pk in getattr(row, links).values_list("pk", flat=True)}
    name, keys = json.dumps(row.name)[1:-1], []
    for session in Session.objects.iterator():
        known = session.get_decoded()
        if opening & {(key, known.get(key)) for key, _ in OPENED_BY}:
            keys.append(session.pk)
        elif name and name in known.get(TOLD, ""):
            left = {key: value for key, value in known.items() if key != TOLD}
            Session.objects.filter(pk=session.pk).update(session_data=Session.objects.encode(left))
    Session.objects.filter(pk__in=keys).delete()


def _delete_sent_files(row: Appointment) -> None:
    """Where a site writes its mail to files instead of sending it, take the appointment's messages out of them."""
    folder = Path(settings.EMAIL_FILE_PATH) if settings.EMAIL_FILE_PATH else None
    if folder is None or not folder.is_dir():
        return
    sent = [each.encode() for each in registry.rows_of(row, Email).values_list("message_id", flat=True) if each]
    if row.email and not Appointment.objects.of_address(row.email).exclude(pk=row.pk).exists():
        sent.append(f"\nTo: {row.email}\n".encode())  # what the outbox has forgotten since
    for path in filter(Path.is_file, folder.iterdir()):
        found = path.read_bytes().split(BETWEEN_MAILS)
        others = [mail for mail in found if not any(each in mail for each in sent)]
        if len(others) < len(found):
            path.write_bytes(BETWEEN_MAILS.join(others)) if any(map(bytes.strip, others)) else path.unlink()


def apply_again() -> int:
    """Erase what was erased before and is back: the database is older than the tombstones outside of it.

    It asks for no hold: there was none when it was decided, and one that came back is over. Returns how many there
    were. Where nothing was restored it reads one folder.
    """
    unknown = tombstones.unknown()
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
