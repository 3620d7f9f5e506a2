"""Readiness: the coming appointments, and the open tasks and missing documents of each.

It shows the progress and never the words of a patient, because all booking staff may read it.
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

BOARD_DAYS = (7, 14, 30)
CLOSED = {TaskStatus.DONE, TaskStatus.NOT_NEEDED}


@dataclass(frozen=True)
class Readiness:
    """The readiness of one appointment."""

    appointment: Appointment
    done: int
    tasks: int
    open: list[str]  # the names of the open tasks' tools
    late: list[str]  # the names of the overdue ones
    documents: list[str]  # requested and missing
    is_confirmed: bool
    is_nudged: bool  # today, at the patient's address

    @property
    def is_ready(self) -> bool:
        return not self.open and not self.documents and self.is_confirmed

    @property
    def can_nudge(self) -> bool:
        return not self.is_ready and not self.is_nudged and bool(self.appointment.email)


def coming(user: AbstractUser, *, days: int, at: datetime | None = None) -> AppointmentQuerySet:
    """The appointments that `user` may see until the end of the day in `days` days, the next one first."""
    now = at or timezone.now()
    _, ends = bounds(timezone.localdate(now), days + 1)
    found = appointments_of(user).coming(now).filter(slot__starts__lt=ends)
    return found.select_related("slot__clinician", "appointment_type").order_by("slot__starts", "pk")


def readiness_of(appointments: Sequence[Appointment], at: datetime | None = None) -> list[Readiness]:
    """The readiness of each appointment. The number of queries does not grow with them."""
    now = at or timezone.now()
    digests = {appointment.pk: _address_digest(appointment) for appointment in appointments}
    today = Message.objects.filter(address_digest__in=digests.values(), day=timezone.localdate(now))
    nudged = set(today.values_list("address_digest", flat=True))
    prefetch_related_objects(appointments, "tasks", "document_requests")
    return [_readiness(each, now, is_nudged=digests[each.pk] in nudged) for each in appointments]


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
    """Whether a coming appointment is not ready yet."""
    now = at or timezone.now()
    if not appointment.is_coming(now):
        return False
    (found,) = readiness_of([appointment], now)
    return not found.is_ready


@transaction.atomic
def nudge(*, appointment: Appointment, by: AbstractUser, at: datetime | None = None) -> Message:
    """Remind a patient by e-mail that tasks are open, once a day at most.

    Raises UserFacingError when none is open, when there is no address, and when the address had a reminder today.
    """
    now = at or timezone.now()
    if not appointment.email:
        raise UserFacingError("There is no e-mail address. Telephone them.")
    if not is_open(appointment, now):
        raise UserFacingError("Nothing is open any more, or the time has passed.")
    once = {"address_digest": _address_digest(appointment), "day": timezone.localdate(now)}
    kind = Message.Kind.NUDGE
    try:
        with transaction.atomic():
            message = Message.objects.create(appointment=appointment, kind=kind, due_at=now, created_at=now, **once)
    except IntegrityError as error:
        raise UserFacingError("This patient was reminded today. Try again tomorrow, or telephone them.") from error
    audit.record(AuditEntry.Action.MESSAGED, appointment, by=by, detail="Reminded of the list")
    return message


def _address_digest(appointment: Appointment) -> str:
    """By which an address is nudged once a day, whichever appointment it is about. It does not show the address."""
    return hashlib.sha256(appointment.email.casefold().encode()).hexdigest()
