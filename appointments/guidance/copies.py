"""Copies of the checklist in a booking, and the ticks that a patient brings from the public checklist.

The checklist is copied in the transaction that books, so that edits by staff change no list that a patient works on.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from appointments.choices import ConsentKind, TaskStatus
from appointments.governance import consents
from appointments.models import Appointment, ChecklistItem, PreparationTask

# One statement that the database carries out by itself: reading all and writing them again takes three times as long.
COPY_CHECKLIST = """
    INSERT INTO appointments_preparationtask (appointment_id, source_id, status, {copied})
    SELECT %s, id, %s, {copied} FROM appointments_checklistitem WHERE condition_id IS NULL OR condition_id = %s
    ORDER BY position, id
    ON CONFLICT DO NOTHING
""".format(copied=", ".join([*ChecklistItem.WORDS, "version", "position"]))  # noqa: S608 (names of columns)


def copy_checklist(appointment: Appointment) -> None:
    """Give a booking its own list: what is for all conditions, and what is for its condition, as it is written now.

    Called by `booking` in its transaction. A list that is there already stays as it is.
    """
    with connection.cursor() as cursor:
        cursor.execute(COPY_CHECKLIST, [appointment.pk, TaskStatus.TO_DO.value, appointment.condition_id])


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
        consents.give(appointment=appointment, kind=ConsentKind.TICKS, at=now)
    return done
