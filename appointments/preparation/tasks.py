"""Preparing for an appointment: the list that a booking gets, and what the patient does with it.

The checklist is copied in the transaction that books, so that nothing moves under a patient's feet when staff edit it.
What patients write for their visit are rows of lists, each kept by one tool (`kinds.Tool`). Whatever changes them has
the appointment's lock, so that two windows lose nothing of each other. What comes of it is the visit pack: all that
patient and clinician want before them, the same for both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.utils import timezone

from appointments.choices import COMING, Status, TaskStatus, Tool
from appointments.governance import audit
from appointments.models import (
    Appointment,
    AuditEntry,
    Document,
    DocumentRequest,
    HistoryEntry,
    Medicine,
    PreparationTask,
    Question,
    Referral,
    SpecialistChoice,
    Symptom,
    TestInstruction,
    TreatmentOption,
)
from appointments.models.preparation import PackRow, Written
from appointments.scheduling import local_times
from calcsite.checksums import checksum
from conditions.models import Listing

MOST = 50  # rows on one list
PREPARING = (*COMING, Status.ARRIVED)
HISTORY_HEADINGS = {
    HistoryEntry.Kind.ALLERGY: "Allergies",
    HistoryEntry.Kind.ILLNESS: "Illnesses and diagnoses",
    HistoryEntry.Kind.OPERATION: "Operations",
    HistoryEntry.Kind.FAMILY: "In the family",
}

Values = dict[str, Any]  # fields of a row, as a form has checked them


class PreparationError(Exception):
    """The step is not possible now. The message says why, in words for the patient."""


class ChangedMeanwhileError(PreparationError):
    """What is there now is not what the page showed."""

    def __init__(self) -> None:
        super().__init__("You changed this in another window meanwhile. Save again if what stands here is right.")


@dataclass(frozen=True)
class Pack:
    """What one appointment's pack shows. `history` has every kind, so that what is missing is seen to be missing."""

    appointment: Appointment
    about: str
    readings: list[local_times.Reading]
    where: str
    tasks: list[PreparationTask]
    history: list[tuple[str, list[HistoryEntry]]]
    symptoms: list[Symptom]
    questions: list[Question]
    medicines: list[Medicine]
    options: list[TreatmentOption]
    tests: list[TestInstruction]
    referral: Referral | None
    specialist: SpecialistChoice | None
    documents: list[Document]
    missing: list[DocumentRequest]

    @property
    def marked(self) -> dict[str, str]:
        """For each tool, what the patient says of its task: "nothing written" may mean that there is nothing."""
        return {tool.value: self._said(tool) for tool in Tool}

    def _said(self, tool: Tool) -> str:
        return ", ".join(task.get_status_display() for task in self.tasks if task.tool == tool)


def is_open(appointment: Appointment) -> bool:
    """Whether there is still something to prepare. Afterwards what was written stays as the clinician saw it."""
    return appointment.status in PREPARING


class Progress(NamedTuple):
    """How far somebody is: of the tasks that are for them, how many they call done; and how many are not for them."""

    done: int
    of: int
    passed_over: int


def progress(tasks: Iterable[PreparationTask]) -> Progress:
    """Counted as the patient has marked them."""
    marked = [task.status for task in tasks]
    passed_over = marked.count(TaskStatus.NOT_NEEDED)
    return Progress(marked.count(TaskStatus.DONE), len(marked) - passed_over, passed_over)


def fingerprint(row: models.Model | None) -> str:
    """What a row says, in short, so that a form can tell whether it still says it. Where it stands does not matter."""
    if row is None:
        return ""
    said = {field.attname: str(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    return checksum(said | {"position": ""})


def says(row: PackRow, values: Values) -> bool:
    """Whether a row has these values already, word for word."""
    return all(getattr(row, name) == value for name, value in values.items())


@transaction.atomic
def mark(*, appointment: Appointment, task: PreparationTask, status: str, at: datetime | None = None) -> None:
    """Say where a patient is with a task. They decide, in any order and as often as they like.

    Raises PreparationError when the task is not the appointment's, or for a status that there is not.
    """
    _lock(appointment)
    if status not in TaskStatus.values:
        raise PreparationError("Choose one of the buttons.")
    own = PreparationTask.objects.filter(appointment=appointment, pk=task.pk)
    if own.update(status=status, changed_at=at or timezone.now()) != 1:
        raise PreparationError("That is not on your list any more.")


def add_row(*, appointment: Appointment, model: type[PackRow], values: Values, at: datetime | None = None) -> None:
    """Put one row at the end of a list. Raises PreparationError when the list is full."""
    add_rows(appointment=appointment, model=model, rows=[values], at=at)


@transaction.atomic
def add_rows(
    *, appointment: Appointment, model: type[PackRow], rows: Sequence[Values], at: datetime | None = None
) -> None:
    """Put rows at the end of a list, all or none. What is there already, word for word, is not added again.

    So a form that is sent twice adds once. Raises PreparationError when the list would be too long.
    """
    now = at or timezone.now()
    _lock(appointment)
    there = list(model.objects.filter(appointment=appointment))
    following = 1 + max((row.position for row in there), default=-1)
    count = len(there)
    for values in rows:
        if not any(says(row, values) for row in there):
            row = model(appointment=appointment, position=following, added_at=now, **values)
            following += 1
            there.append(row)
    if len(there) > MOST:
        raise PreparationError(f"Your list is full: it has room for {MOST}. Take something off it first.")
    model.objects.bulk_create(there[count:])
    _start(appointment, model.TOOL, now)


@transaction.atomic
def change_row(*, appointment: Appointment, row: PackRow, values: Values, seen: str | None = None) -> None:
    """Write a row anew. With `seen`, the fingerprint of what the page showed, only if it still says that.

    Raises ChangedMeanwhileError when it says something else, and PreparationError when it is not to be changed.
    """
    own = _own(appointment, row)
    if seen is not None and seen != fingerprint(own):
        raise ChangedMeanwhileError
    type(row).objects.filter(pk=own.pk).update(**values)


@transaction.atomic
def remove_row(*, appointment: Appointment, row: PackRow) -> None:
    """Take a row off its list. Raises PreparationError when it is not on it, or not to be changed."""
    _own(appointment, row, to_delete=True).delete()


@transaction.atomic
def move_row(*, appointment: Appointment, row: PackRow, up: bool) -> None:
    """Let a row change places with the one above it, or below. The first stays the first, and the last the last.

    Raises PreparationError when it is not on the list.
    """
    _lock(appointment)
    rows = list(type(row).objects.filter(appointment=appointment))
    place = next((place for place, each in enumerate(rows) if each.pk == row.pk), None)
    if place is None:
        raise PreparationError("That is not on your list any more.")
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
    """Write what there is one of for an appointment: the referral, or the specialist. `seen` is as in `change_row`."""
    _lock(appointment)
    there = model.objects.filter(appointment=appointment).first()
    if seen is not None and seen != fingerprint(there):
        raise ChangedMeanwhileError
    model.objects.update_or_create(appointment=appointment, defaults=values)
    _start(appointment, model.TOOL, at or timezone.now())


@transaction.atomic
def instruct(
    *, appointment: Appointment, values: Values, by: AbstractBaseUser, at: datetime | None = None
) -> TestInstruction:
    """Tell a patient how to get ready for a test. Whatever they had marked, there is something new to read.

    Raises PreparationError when the appointment is over.
    """
    now = at or timezone.now()
    _lock(appointment)
    instruction = TestInstruction.objects.create(appointment=appointment, by=by, added_at=now, **values)
    tasks = PreparationTask.objects.filter(appointment=appointment, tool=Tool.TESTS)
    tasks.update(status=TaskStatus.TO_DO, changed_at=now)
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Instructions for a test")
    return instruction


@transaction.atomic
def take_back_instruction(*, appointment: Appointment, instruction: TestInstruction, by: AbstractBaseUser) -> None:
    """Take back instructions that no longer hold. Raises PreparationError when they are not the appointment's."""
    _own(appointment, instruction, to_delete=True).delete()
    audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Instructions for a test taken back")


def pack_of(appointment: Appointment) -> Pack:
    """The pack of an appointment, in the same number of queries whatever is in it."""
    return Pack(
        appointment=appointment,
        about=subject_of(appointment),
        readings=local_times.readings(appointment),
        where=local_times.where(appointment),
        tasks=list(appointment.tasks.all()),
        history=_by_kind(list(appointment.historyentry_set.all())),
        symptoms=list(appointment.symptom_set.all()),
        questions=list(appointment.question_set.all()),
        medicines=list(appointment.medicine_set.all()),
        options=list(appointment.treatmentoption_set.all()),
        tests=list(appointment.testinstruction_set.all()),
        referral=Referral.objects.filter(appointment=appointment).first(),
        specialist=SpecialistChoice.objects.filter(appointment=appointment).first(),
        documents=list(appointment.documents.all()),
        missing=[request for request in appointment.document_requests.all() if request.is_missing],
    )


def subject_of(appointment: Appointment) -> str:
    """What an appointment is about, as the public page calls it; nothing when the patient was not sure."""
    listed = Listing.objects.filter(condition=appointment.condition_id).values_list("name", flat=True).first()
    return listed or (appointment.condition.name if appointment.condition else "")


def _by_kind(entries: list[HistoryEntry]) -> list[tuple[str, list[HistoryEntry]]]:
    return [(label, [entry for entry in entries if entry.kind == kind]) for kind, label in HISTORY_HEADINGS.items()]


def _lock(appointment: Appointment) -> None:
    """Let what two windows do to one appointment come one after the other. Raises PreparationError when it is over."""
    locked = Appointment.objects.select_for_update(no_key=True).filter(pk=appointment.pk).first()
    if locked is None or not is_open(locked):
        raise PreparationError("Your appointment is over. What you wrote stays as it is.")


def _own(appointment: Appointment, row: PackRow, *, to_delete: bool = False) -> PackRow:
    """The row as it is now, under the appointment's lock, if it may be changed."""
    _lock(appointment)
    own = type(row).objects.filter(appointment=appointment, pk=row.pk).first()
    if own is None:
        raise PreparationError("That is not on your list any more.")
    if own.is_settled:
        raise PreparationError("Your specialist has dealt with this already, so it stays as it is.")
    if to_delete and appointment.legal_holds.filter(ended_at=None).exists():
        raise PreparationError("We have to keep this for now. Call us, and we explain why.")
    return own


def _start(appointment: Appointment, tool: Tool, at: datetime) -> None:
    """Who has written something has started; whether it is done is theirs to say."""
    tasks = PreparationTask.objects.filter(appointment=appointment, tool=tool, status=TaskStatus.TO_DO)
    tasks.update(status=TaskStatus.STARTED, changed_at=at)


def tasks_of(appointment: Appointment, **which: str) -> list[PreparationTask]:
    return list(appointment.tasks.select_related("source").filter(**which))
