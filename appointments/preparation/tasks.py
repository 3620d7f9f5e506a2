"""The tasks of a patient's preparation: how far each is, as the patient marks it.

A booking gets its own copy of the checklist (`guidance.copies`), so that edits of the checklist change no list that a
patient works on.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from appointments.choices import COMING, Status, TaskStatus
from appointments.models import Appointment, PreparationTask
from calcsite.errors import UserFacingError

PREPARING = (*COMING, Status.ARRIVED)


def is_open(appointment: Appointment) -> bool:
    """Whether the preparation can still be changed. Afterwards it stays as the clinician saw it."""
    return appointment.status in PREPARING


class Progress(NamedTuple):
    """The number of tasks marked as done, the number of tasks that apply, and the number marked as not needed."""

    done: int
    of: int
    not_needed: int


def progress(tasks: Iterable[PreparationTask]) -> Progress:
    """The progress as the patient has marked it."""
    marked = [task.status for task in tasks]
    not_needed = marked.count(TaskStatus.NOT_NEEDED)
    return Progress(marked.count(TaskStatus.DONE), len(marked) - not_needed, not_needed)


def tasks_of(appointment: Appointment, **which: str) -> list[PreparationTask]:
    return list(appointment.tasks.select_related("source").filter(**which))


@transaction.atomic
def mark(*, appointment: Appointment, task: PreparationTask, status: str, at: datetime | None = None) -> None:
    """Set the status of a task. The patient may mark tasks in any order, and as often as they like.

    Raises UserFacingError for a task of another appointment, for an unknown status, and when the appointment is over.
    """
    lock(appointment)
    if status not in TaskStatus.values:
        raise UserFacingError("Choose one of the buttons.")
    own = PreparationTask.objects.filter(appointment=appointment, pk=task.pk)
    if own.update(status=status, changed_at=at or timezone.now()) != 1:
        raise UserFacingError("That is not on your list any more.")


def lock(appointment: Appointment) -> None:
    """Lock the appointment until the end of the transaction, so that changes of its preparation are made in turn.

    Raises UserFacingError when the appointment is over.
    """
    locked = Appointment.objects.select_for_update(no_key=True).filter(pk=appointment.pk).first()
    if locked is None or not is_open(locked):
        raise UserFacingError("Your appointment is over. What you wrote stays as it is.")
