"""Legal hold: while it lasts, nothing of an appointment is deleted, by retention or by erasure.

Whoever deletes locks the appointment's row first (`locked`), and so does whoever places a hold: one comes after the
other.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, LegalHold

Action = AuditEntry.Action


class HeldError(Exception):
    """Nothing of this appointment may be deleted now. The message says so, in words for whoever asked."""


def on(path: str = "pk") -> Exists:
    """Whether there is a hold on the appointment that `path` leads to: a condition for `filter` and `exclude`."""
    return Exists(LegalHold.objects.lasting().filter(appointment=OuterRef(path)))


def locked(appointment: Appointment) -> Appointment:
    """The appointment's row, locked until the end of the caller's transaction, to delete something of it.

    Raises HeldError when there is a hold, and Appointment.DoesNotExist when it is gone.
    """
    row = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if LegalHold.objects.lasting().filter(appointment=row).exists():
        raise HeldError("Nothing of this appointment may be deleted: there is a legal hold on it.")
    return row


@transaction.atomic
def place(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> LegalHold:
    """Keep everything of an appointment from being deleted, from now on."""
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    audit.record(Action.CHANGED, row, by=by, detail="Legal hold placed")
    return LegalHold.objects.create(appointment=row, why=why, placed_by=by, placed_at=at or timezone.now())


@transaction.atomic
def end(*, hold: LegalHold, by: AbstractUser, at: datetime | None = None) -> None:
    """End one hold. Ended twice it is ended once. Others on the same appointment go on."""
    if LegalHold.objects.lasting().filter(pk=hold.pk).update(ended_at=at or timezone.now()) == 1:
        audit.record(Action.CHANGED, hold.appointment, by=by, detail="Legal hold ended")
