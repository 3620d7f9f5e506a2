"""Readiness: who comes in the next days, and what is still missing before they do.

It tells how far something is and never what a patient wrote: whoever books may look at it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from appointments.choices import Status, TaskStatus
from appointments.governance import audit
from appointments.governance.permissions import appointments_of
from appointments.models import Appointment, AuditEntry, Message
from appointments.models.appointments import AppointmentQuerySet
from appointments.scheduling.walltime import bounds
from calcsite.errors import UserFacingError

DAYS = (7, 14, 30)
CLOSED = {TaskStatus.DONE, TaskStatus.NOT_NEEDED}


@dataclass(frozen=True)
class Readiness:
    """How ready one appointment is."""

    appointment: Appointment
    done: int
    tasks: int
    open: list[str]  # by the tool of each task that is open
    late: list[str]  # those of them that should be done by now
    documents: list[str]  # asked for, and not there
    is_confirmed: bool
    is_nudged: bool  # today

    @property
    def is_ready(self) -> bool:
        return not self.open and not self.documents and self.is_confirmed

    @property
    def can_nudge(self) -> bool:
        return not self.is_ready and not self.is_nudged and bool(self.appointment.email)


def coming(user: AbstractUser, *, days: int, at: datetime | None = None) -> AppointmentQuerySet:
    """The appointments that `user` may see from now to the end of the day in so many days, the next one first."""
    now = at or timezone.now()
    _, ends = bounds(timezone.localdate(now), days + 1)
    found = appointments_of(user).coming(now).filter(slot__starts__lt=ends)
    return found.select_related("slot__clinician", "appointment_type").order_by("slot__starts", "pk")


def look(appointments: Sequence[Appointment], at: datetime | None = None) -> list[Readiness]:
    """How ready each is. The number of queries does not grow with them."""
    now = at or timezone.now()
    keys = {appointment.pk: _key(appointment, now) for appointment in appointments}
    nudged = set(Message.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    prefetch_related_objects(appointments, "tasks", "document_requests")
    return [_readiness(each, now, is_nudged=keys[each.pk] in nudged) for each in appointments]


def _readiness(appointment: Appointment, at: datetime, *, is_nudged: bool) -> Readiness:
    tasks, today = list(appointment.tasks.all()), timezone.localdate(at)
    left = [task for task in tasks if task.status not in CLOSED]
    return Readiness(
        appointment=appointment,
        done=len(tasks) - len(left),
        tasks=len(tasks),
        open=[task.get_tool_display() for task in left],
        late=[task.get_tool_display() for task in left if task.due < today],
        documents=[request.what for request in appointment.document_requests.all() if request.is_missing],
        is_confirmed=appointment.status != Status.BOOKED,
        is_nudged=is_nudged,
    )


def is_open(appointment: Appointment, at: datetime | None = None) -> bool:
    """Whether there is still something to remind a patient of, and time to do it."""
    now = at or timezone.now()
    if not appointment.is_coming(now):
        return False
    (found,) = look([appointment], now)
    return not found.is_ready


@transaction.atomic
def nudge(*, appointment: Appointment, by: AbstractUser, at: datetime | None = None) -> Message:
    """Remind a patient that something on their list is open, once a day at most.

    Raises UserFacingError when nothing is, when there is no address, and when they were reminded today.
    """
    now = at or timezone.now()
    if not appointment.email:
        raise UserFacingError("There is no e-mail address. Telephone them.")
    if not is_open(appointment, now):
        raise UserFacingError("Nothing is open any more, or the time has passed.")
    message = Message(appointment=appointment, kind=Message.Kind.NUDGE, key=_key(appointment, now))
    message.due_at = message.created_at = now
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError as error:
        raise UserFacingError("This patient was reminded today. Try again tomorrow, or telephone them.") from error
    audit.record(AuditEntry.Action.MESSAGED, appointment, by=by, detail="Reminded of the list")
    return message


def _key(appointment: Appointment, at: datetime) -> str:
    """One a day for one address, whichever appointment it is about. The key does not show the address."""
    address = hashlib.sha256(appointment.email.casefold().encode()).hexdigest()[:32]
    return f"{Message.Kind.NUDGE}-{address}-{timezone.localdate(at)}"
