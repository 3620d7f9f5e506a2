"""The rows of a preparation: lists that the patient writes, the referral, and staff's instructions for tests.

Every change holds the lock of the appointment (`tasks.lock`), so that two windows of one patient lose nothing of each
other's.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from appointments.choices import TaskStatus, Tool
from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, PreparationTask, TestInstruction
from appointments.models.preparation import PackRow, Written
from appointments.preparation.tasks import lock
from calcsite.errors import UserFacingError
from calcsite.stale import fingerprint, refuse_stale

MAX_ROWS = 50  # on one list
NOT_ON_LIST = "That is not on your list any more."
CHANGED_MEANWHILE = "You changed this in another window meanwhile. Save again if what stands here is right."

Values = dict[str, Any]  # validated fields of a row


def fingerprint_of(row: Written | None) -> str:
    """The fingerprint of a row; None when it is not written yet. Moving a row up or down does not change it."""
    return fingerprint(row, ignore={"position"})


def has_values(row: PackRow, values: Values) -> bool:
    """Whether a row has exactly these values."""
    return all(getattr(row, name) == value for name, value in values.items())


def add_row(*, appointment: Appointment, model: type[PackRow], values: Values, at: datetime | None = None) -> None:
    """Append one row to a list. Raises UserFacingError when the list is full."""
    add_rows(appointment=appointment, model=model, rows=[values], at=at)


@transaction.atomic
def add_rows(
    *, appointment: Appointment, model: type[PackRow], rows: Sequence[Values], at: datetime | None = None
) -> None:
    """Append rows to a list, all or none. Rows with the values of an existing one are skipped.

    So a form that is sent twice adds once. Raises UserFacingError when the list would exceed MAX_ROWS.
    """
    now = at or timezone.now()
    lock(appointment)
    there = list(model.objects.filter(appointment=appointment))
    following = 1 + max((row.position for row in there), default=-1)
    count = len(there)
    for values in rows:
        if not any(has_values(row, values) for row in there):
            row = model(appointment=appointment, position=following, added_at=now, **values)
            following += 1
            there.append(row)
    if len(there) > MAX_ROWS:
        raise UserFacingError(f"Your list is full: it has room for {MAX_ROWS}. Take something off it first.")
    model.objects.bulk_create(there[count:])
    _start_tasks(appointment, model.TOOL, now)


@transaction.atomic
def change_row(*, appointment: Appointment, row: PackRow, values: Values, seen: str | None = None) -> None:
    """Replace the values of a row.

    Raises StaleError when the row is not in the state `seen`, and UserFacingError when it can't be changed.
    """
    own = _changeable(appointment, row)
    refuse_stale(seen, fingerprint_of(own), problem=CHANGED_MEANWHILE)
    type(row).objects.filter(pk=own.pk).update(**values)


@transaction.atomic
def remove_row(*, appointment: Appointment, row: PackRow) -> None:
    """Delete a row of a list. Raises UserFacingError when it is not on the list, or can't be changed."""
    _deletable(appointment, row).delete()


@transaction.atomic
def move_row(*, appointment: Appointment, row: PackRow, up: bool) -> None:
    """Swap a row with the one above it, or below. The first row can't move up, nor the last one down.

    Raises UserFacingError when the row is not on the list.
    """
    lock(appointment)
    rows = list(type(row).objects.filter(appointment=appointment))
    place = next((place for place, each in enumerate(rows) if each.pk == row.pk), None)
    if place is None:
        raise UserFacingError(NOT_ON_LIST)
    other = max(place - 1, 0) if up else min(place + 1, len(rows) - 1)
    rows[place], rows[other] = rows[other], rows[place]
    moved = [each for position, each in enumerate(rows) if each.position != position]
    for position, each in enumerate(rows):
        each.position = position
    type(row).objects.bulk_update(moved, ["position"])


@transaction.atomic
def keep(
    *,
    appointment: Appointment,
    model: type[Written],
    values: Values,
    seen: str | None = None,
    at: datetime | None = None,
) -> None:
    """Create or replace the one row of `model` that an appointment has: the referral, or the specialist.

    Raises StaleError when the row is not in the state `seen`.
    """
    lock(appointment)
    stored = model.objects.filter(appointment=appointment).first()
    refuse_stale(seen, fingerprint_of(stored), problem=CHANGED_MEANWHILE)
    model.objects.update_or_create(appointment=appointment, defaults=values)
    _start_tasks(appointment, model.TOOL, at or timezone.now())


@transaction.atomic
def instruct(
    *, appointment: Appointment, values: Values, by: AbstractBaseUser, at: datetime | None = None
) -> TestInstruction:
    """Add instructions for a test. The patient's tasks about tests are to do again: there is something new to read.

    Raises UserFacingError when the appointment is over.
    """
    now = at or timezone.now()
    lock(appointment)
    instruction = TestInstruction.objects.create(appointment=appointment, by=by, added_at=now, **values)
    tasks = PreparationTask.objects.filter(appointment=appointment, tool=Tool.TESTS)
    tasks.update(status=TaskStatus.TO_DO, changed_at=now)
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Instructions for a test")
    return instruction


@transaction.atomic
def take_back_instruction(*, appointment: Appointment, instruction: TestInstruction, by: AbstractBaseUser) -> None:
    """Delete instructions for a test. Raises UserFacingError for those of another appointment."""
    _deletable(appointment, instruction).delete()
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Instructions for a test taken back")


def _changeable(appointment: Appointment, row: PackRow) -> PackRow:
    """The stored row, under the lock of the appointment. Raises UserFacingError when it is gone or settled."""
    lock(appointment)
    own = type(row).objects.filter(appointment=appointment, pk=row.pk).first()
    if own is None:
        raise UserFacingError(NOT_ON_LIST)
    if own.is_settled:
        raise UserFacingError("Your specialist has dealt with this already, so it stays as it is.")
    return own


def _deletable(appointment: Appointment, row: PackRow) -> PackRow:
    """As `_changeable`. Raises UserFacingError under a legal hold too."""
    own = _changeable(appointment, row)
    if appointment.legal_holds.filter(ended_at=None).exists():
        raise UserFacingError("We have to keep this for now. Call us, and we explain why.")
    return own


def _start_tasks(appointment: Appointment, tool: Tool, at: datetime) -> None:
    """Mark the untouched tasks of a tool as started. Only the patient marks a task as done."""
    tasks = PreparationTask.objects.filter(appointment=appointment, tool=tool, status=TaskStatus.TO_DO)
    tasks.update(status=TaskStatus.STARTED, changed_at=at)
