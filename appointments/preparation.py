"""Preparing for an appointment: the list that a booking gets, and what the patient does with it.

The checklist is copied in the transaction that books, so that nothing moves under a patient's feet when staff edit it.
What patients write for their visit are rows of lists, each kept by one tool (`kinds.Tool`).
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from appointments import consent
from appointments.kinds import ConsentKind, TaskStatus
from appointments.models import Appointment, ChecklistItem, Consent, PreparationTask

COPIED = ("version", "tool", "title", "text", "days_before", "position")


def copy_checklist(appointment: Appointment) -> None:
    """Give a booking its own list: what is for all conditions, and what is for its condition, as it is written now.

    Called by `booking` in its transaction. A list that is there already stays as it is.
    """
    items = ChecklistItem.objects.for_condition(appointment.condition_id)
    tasks = [
        PreparationTask(appointment=appointment, source=item, **{name: getattr(item, name) for name in COPIED})
        for item in items
    ]
    PreparationTask.objects.bulk_create(tasks, ignore_conflicts=True)


@transaction.atomic
def mark(*, task: PreparationTask, status: str, at: datetime | None = None) -> None:
    """Say where a patient is with a task. They decide, in any order and as often as they like.

    Raises ValueError for a status that there is not.
    """
    changed = PreparationTask.objects.filter(pk=task.pk)
    changed.update(status=TaskStatus(status), changed_at=at or timezone.now())


def tickable(appointment: Appointment, at: datetime | None = None) -> dict[str, int]:
    """The tasks of a coming appointment that nobody has begun, each by the tick of its item on the public list."""
    tasks = PreparationTask.objects.in_use(at).filter(appointment=appointment)
    untouched = tasks.filter(status=TaskStatus.TO_DO, changed_at=None)
    safe = untouched.filter(version__gte=F("source__safe_from")).select_related("source")
    return {task.source.tick: task.pk for task in safe}


@transaction.atomic
def take_over_ticks(*, appointment: Appointment, ticks: Iterable[str], at: datetime | None = None) -> int:
    """Mark as done what somebody had ticked on the public checklist before they booked, as they ask us to.

    `ticks` are what their browser sent; what is none of this booking is passed over, and so is a task that the patient
    has begun or decided on since. Returns how many are done now. With them the patient's consent is on record.
    """
    now, found = at or timezone.now(), tickable(appointment, at)
    tasks = PreparationTask.objects.filter(pk__in=[found[tick] for tick in set(ticks) & set(found)])
    done = tasks.filter(status=TaskStatus.TO_DO).update(status=TaskStatus.DONE, changed_at=now)
    if done:
        given = Consent(appointment=appointment, kind=ConsentKind.TICKS, version=consent.TICKS_VERSION, given_at=now)
        Consent.objects.bulk_create([given], ignore_conflicts=True)  # it may be there from another tab
    return done
