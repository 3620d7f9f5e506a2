"""The record of an appointment as staff keep it: marks, notes, corrected details, a new link.

Each is in the audit log, by name, in the same transaction.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AbstractUser
from django.db import transaction
from django.utils import timezone

from appointments.access import carers, links
from appointments.booking.booking import CHANGED
from appointments.choices import NEXT, Status
from appointments.governance import audit
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Message, Note
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError

Action = AuditEntry.Action


@transaction.atomic
def write_note(*, appointment: Appointment, text: str, by: AbstractUser, at: datetime | None = None) -> Note:
    """Add a note. It is never changed: a mistake is corrected by another note."""
    note = Note.objects.create(appointment=appointment, by=by, text=text, at=at or timezone.now())
    audit.record(Action.NOTED, appointment, by=by)
    return note


@transaction.atomic
def correct_details(
    *, appointment: Appointment, details: dict[str, Any], by: AbstractUser, at: datetime | None = None
) -> list[str]:
    """Change the patient's details. Returns the names of the fields that are different now.

    The audit log names the fields and never their content. With another e-mail address, the links and codes that went
    to the one before end, a new link goes to the new address, and that one is unconfirmed. This holds after the
    appointment too: its patient comes back to their opinion and recovery.
    """
    now = at or timezone.now()
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    changed = [name for name, value in details.items() if getattr(row, name) != value]
    if changed:
        Appointment.objects.filter(pk=row.pk).update(**{name: details[name] for name in changed})
        audit.record(Action.CHANGED, row, by=by, detail=", ".join(changed)[:300])
    if "email" in changed:
        Appointment.objects.filter(pk=row.pk, status=Status.CONFIRMED).update(status=Status.BOOKED)
        links.end_all(row, at=now)
        carers.end_all(appointment=row, at=at)
        queue.retry_at_once(row)
        if details["email"] and row.is_reachable(now):
            _send_link(row, now)
    return changed


@transaction.atomic
def reissue_link(*, appointment: Appointment, by: AbstractUser, at: datetime | None = None) -> Message:
    """End a patient's links at once and send them a new one. Raises UserFacingError when it would lead nowhere."""
    now = at or timezone.now()
    row = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if not row.is_reachable(now):
        raise UserFacingError("This appointment is cancelled, or was long ago: a link to it would lead nowhere.")
    if not row.email:
        raise UserFacingError("There is no e-mail address to send a link to.")
    links.end_all(row, at=now)
    audit.record(Action.MESSAGED, row, by=by, detail="New link")
    return _send_link(row, now)


def _send_link(appointment: Appointment, at: datetime) -> Message:
    return Message.objects.create(appointment=appointment, kind=Message.Kind.LINK, due_at=at, created_at=at)


def possible_marks(appointment: Appointment, at: datetime | None = None) -> list[Status]:
    """The marks that are possible at a moment, in the order of the day.

    A patient arrives on the day of the appointment in the clinic's zone or later, and an appointment is over after it
    has begun. Only an e-mail address that is there can be confirmed.
    """
    now, starts = at or timezone.now(), appointment.slot.starts
    marks = [Status.CONFIRMED] if appointment.email and appointment.status == Status.BOOKED else []
    if timezone.localdate(starts) <= timezone.localdate(now):
        marks += [Status.ARRIVED]
    if starts <= now:
        marks += [Status.COMPLETED, Status.MISSED]
    if appointment.status == Status.ARRIVED:
        marks += [Status.BOOKED]  # not arrived after all: `take_back_arrival`
    return [status for status in marks if status in NEXT[appointment.status]]


@transaction.atomic
def mark(*, appointment: Appointment, status: str, by: AbstractBaseUser | str, at: datetime | None = None) -> None:
    """Set one of the `possible_marks`. `by` may be `audit.PATIENT`.

    CONFIRMED confirms the e-mail address that the caller has read. Raises StaleError if it has changed, and
    UserFacingError if the mark is not possible. Cancelling is `cancel`; `take_back_arrival` undoes an arrival.
    """
    row = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if status == Status.BOOKED or status not in possible_marks(row, at):
        raise UserFacingError("This appointment cannot be marked like this now. Look at where it stands.")
    if status == Status.CONFIRMED and row.email != appointment.email:
        raise StaleError(CHANGED)
    Appointment.objects.filter(pk=row.pk).update(status=status)
    appointment.refresh_from_db()
    action = Action.CONFIRMED if status == Status.CONFIRMED else Action.STATUS
    audit.record(action, appointment, by=by, detail=appointment.get_status_display())


@transaction.atomic
def take_back_arrival(*, appointment: Appointment, by: AbstractBaseUser) -> None:
    """Undo an arrival that was marked by mistake: the status is as before, confirmed or not.

    Raises StaleError if the appointment is not marked as arrived any more.
    """
    was_confirmed = AuditEntry.objects.filter(appointment=appointment, action=Action.CONFIRMED).exists()
    arrived = Appointment.objects.filter(pk=appointment.pk, status=Status.ARRIVED)
    if arrived.update(status=Status.CONFIRMED if was_confirmed else Status.BOOKED) != 1:
        raise StaleError(CHANGED)
    appointment.refresh_from_db()
    audit.record(Action.STATUS, appointment, by=by, detail="Not arrived after all")
