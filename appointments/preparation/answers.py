"""What the clinician adds to a visit pack: the answers to the patient's questions."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from appointments.governance import audit
from appointments.governance.permissions import patients_of
from appointments.models import Appointment, AuditEntry, Question
from calcsite.checksums import checksum


class VisitError(Exception):
    """It cannot be done. The message says why, in words for the clinician."""


class OvertakenError(VisitError):
    """Something was saved, signed or asked that the clinician has not seen."""


def fingerprint(questions: Iterable[Question]) -> str:
    """What tells whether the questions, or the answers to them, have changed."""
    return checksum(sorted([row.pk, row.text, row.outcome, row.answer] for row in questions))


@transaction.atomic
def answer(*, appointment: Appointment, answers: dict[int, dict[str, str]], seen: str, by: AbstractUser) -> None:
    """Keep the outcome and the answer of each question, by its key.

    `seen` is the fingerprint of the questions as the writer knew them. Raises OvertakenError when the patient or
    another window has changed one since: an answer belongs to the words that were asked.
    """
    check_own(appointment, by)
    questions = list(Question.objects.select_for_update().filter(appointment=appointment))
    if fingerprint(questions) != seen:
        raise OvertakenError("The questions were changed meanwhile. What you wrote is still here, and not saved.")
    changed = [row for row in questions if row.pk in answers and _put(row, answers[row.pk])]
    for row in changed:
        row.save(update_fields=["outcome", "answer"])
    if changed:
        audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Questions answered")


def _put(question: Question, said: dict[str, str]) -> bool:
    """Whether it says something else with this outcome and answer."""
    before = (question.outcome, question.answer)
    question.outcome, question.answer = said["outcome"], said["answer"]
    return before != (question.outcome, question.answer)


def check_own(appointment: Appointment, by: AbstractUser) -> None:
    """Raises VisitError for anybody but the clinician of the appointment."""
    if not patients_of(by).filter(pk=appointment.pk).exists():
        raise VisitError("Only the clinician of an appointment writes about it.")
