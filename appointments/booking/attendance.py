"""Attendance: the marks that staff set on an appointment, and the confirmation of an e-mail address."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from appointments.booking.booking import CHANGED
from appointments.choices import NEXT, Status
from appointments.governance import audit
from appointments.models import Appointment, AuditEntry
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError

Action = AuditEntry.Action


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
