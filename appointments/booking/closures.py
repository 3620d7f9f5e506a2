"""Closures: a clinician, or the whole clinic, sees no patients for a while, and booked appointments are settled.

Closing takes the free times away at once and touches no appointment: those inside are orphaned until staff move them,
cancel them, or decide that they are kept. Each patient is a transaction of its own, so one that fails holds up none.
"""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from appointments.booking import booking
from appointments.messages import queue
from appointments.models import Appointment, Closure, Slot
from appointments.models.appointments import AppointmentQuerySet
from appointments.scheduling.slot_sync import make_slots


def affected_by(closure: Closure, at: datetime | None = None) -> AppointmentQuerySet:
    """The appointments still to come that a closure, stored or not, would hit; the first comes first."""
    hit = Appointment.objects.coming(at).filter(slot__starts__lt=closure.ends, slot__ends__gt=closure.starts)
    if closure.clinician_id:
        hit = hit.filter(slot__clinician=closure.clinician_id)
    return hit.select_related("slot__clinician", "appointment_type").order_by("slot__starts", "pk")


@transaction.atomic
def close(*, closure: Closure, at: datetime | None = None) -> None:
    """Store a new or changed closure. Times that were closed before and are not any more are offered again."""
    before = Closure.objects.select_for_update().filter(pk=closure.pk).first()
    closure.save()
    _align(closure, *([before] if before else []), at=at)


@transaction.atomic
def reopen(*, closures: list[Closure], at: datetime | None = None) -> None:
    """Delete closures, and offer their times again."""
    Closure.objects.filter(pk__in=[closure.pk for closure in closures]).delete()
    _align(*closures, at=at)


def _align(*closures: Closure, at: datetime | None) -> None:
    clinicians = {closure.clinician for closure in closures}
    for clinician in [None] if None in clinicians else clinicians:
        make_slots(clinician=clinician, at=at)


@transaction.atomic
def settle(
    *,
    appointment: Appointment,
    by: AbstractBaseUser,
    slot: Slot | None = None,
    text: str = "",
    at: datetime | None = None,
) -> Appointment:
    """Move an orphaned appointment to `slot`, or cancel it when there is none; with a message in staff's words.

    All of it is done or nothing. Raises UserFacingError when it cannot be moved or cancelled any more, and when
    the message cannot be sent.
    """
    now = at or timezone.now()
    if slot:
        settled = booking.reschedule(appointment=appointment, slot=slot, by=by, at=now)
    else:
        settled = booking.cancel(appointment=appointment, why="The clinician is away.", by=by, at=now)
    if text.strip():
        queue.send_from_staff(appointment=settled, text=text, by=by, at=now)
    return settled
