"""Copies of the checklist in bookings, and the ticks that patients bring from the public checklist.

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

# One statement: reading the items and inserting them again takes three times as long.
COPY_CHECKLIST = """
    INSERT INTO appointments_preparationtask (appointment_id, source_id, status, {copied})
    SELECT %s, id, %s, {copied} FROM appointments_checklistitem WHERE condition_id IS NULL OR condition_id = %s
    ORDER BY position, id
    ON CONFLICT DO NOTHING
""".format(copied=", ".join([*ChecklistItem.WORDS, "version", "position"]))  # noqa: S608 (names of columns)


def copy_checklist(appointment: Appointment) -> None:
    """Copy the items for all conditions, and for the condition of the booking, to its tasks.

    Runs in the transaction that books. Tasks that exist already stay as they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(COPY_CHECKLIST, [appointment.pk, TaskStatus.TO_DO.value, appointment.condition_id])


def tickable(appointment: Appointment, at: datetime | None = None) -> dict[str, int]:
    """The untouched tasks of a coming appointment, each by the tick of its item on the public checklist."""
    tasks = PreparationTask.objects.in_use(at).filter(appointment=appointment)
    untouched = tasks.filter(status=TaskStatus.TO_DO, changed_at=None)
    safe = untouched.filter(version__gte=F("source__safe_from")).select_related("source")
    return {task.source.tick: task.pk for task in safe}


@transaction.atomic
def take_over_ticks(*, appointment: Appointment, ticks: Iterable[str], at: datetime | None = None) -> int:
    """Mark the tasks as done whose items the patient had ticked on the public checklist. Returns their number.

    `ticks` come from the patient's browser. Unknown ones are ignored, and so are tasks that were marked since. With
    the first done task the patient's consent to the transfer is on record.
    """
    now, found = at or timezone.now(), tickable(appointment, at)
    tasks = PreparationTask.objects.filter(pk__in=[found[tick] for tick in set(ticks) & set(found)])
    done = tasks.filter(status=TaskStatus.TO_DO).update(status=TaskStatus.DONE, changed_at=now)
    if done:
        consents.give(appointment=appointment, kind=ConsentKind.TICKS, at=now)
    return done
