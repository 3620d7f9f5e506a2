"""Preparing for an appointment: the list that a booking gets, and what the patient does with it.

The checklist is copied in the transaction that books, so that nothing moves under a patient's feet when staff edit it.
What patients write for their visit are rows of lists, each kept by one tool (`kinds.Tool`).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from appointments.kinds import TaskStatus
from appointments.models import Appointment, ChecklistItem, PreparationTask

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
