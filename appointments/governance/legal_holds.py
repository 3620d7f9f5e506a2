"""Legal holds: while one lasts, nothing of an appointment is deleted, by retention or by erasure.

Deletions lock the appointment's row first (`lock`), and so does placing a hold: they take place one after the other.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, LegalHold
from calcsite.errors import UserFacingError

Action = AuditEntry.Action


class HeldError(UserFacingError):
    """There is a legal hold on the appointment. The message tells the user so."""


def held(path: str = "pk") -> Exists:
    """Condition for `filter` and `exclude`: there is a legal hold on the appointment at the lookup `path`."""
    return Exists(LegalHold.objects.lasting().filter(appointment=OuterRef(path)))


def lock(appointment: Appointment) -> Appointment:
    """Lock an appointment's row until the end of the caller's transaction, in order to delete rows of it.

    Raises HeldError if there is a hold, and Appointment.DoesNotExist if the row is gone.
    """
    row = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if LegalHold.objects.lasting().filter(appointment=row).exists():
        raise HeldError("Nothing of this appointment may be deleted: there is a legal hold on it.")
    return row


@transaction.atomic
def place(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> LegalHold:
    """Place a legal hold on an appointment."""
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    audit.record(Action.CHANGED, row, by=by, detail="Legal hold placed")
    return LegalHold.objects.create(appointment=row, why=why, placed_by=by, placed_at=at or timezone.now())


@transaction.atomic
def end(*, hold: LegalHold, by: AbstractUser, at: datetime | None = None) -> None:
    """End one legal hold. No effect if it has ended. Others on the same appointment stay in force."""
    if LegalHold.objects.lasting().filter(pk=hold.pk).update(ended_at=at or timezone.now()) == 1:
        audit.record(Action.CHANGED, hold.appointment, by=by, detail="Legal hold ended")
