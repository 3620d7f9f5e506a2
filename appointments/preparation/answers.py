"""The clinician's answers to the questions of a patient."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from appointments.governance import audit
from appointments.governance.permissions import patients_of
from appointments.models import Appointment, AuditEntry, Question
from calcsite.errors import UserFacingError
from calcsite.stale import fingerprint, refuse_stale


def fingerprint_of(questions: Iterable[Question]) -> str:
    """The fingerprint of a patient's questions and the answers to them. Their order does not count."""
    return fingerprint(*questions, ignore={"position", "prompt"})


@transaction.atomic
def answer(*, appointment: Appointment, answers: dict[int, dict[str, str]], seen: str, by: AbstractUser) -> None:
    """Store the outcome and the answer of each question, by its key.

    Raises StaleError when the questions are not in the state `seen`, because an answer belongs to the words that were
    asked, and UserFacingError unless `by` is the clinician of the appointment.
    """
    if not patients_of(by).filter(pk=appointment.pk).exists():
        raise UserFacingError("Only the clinician of an appointment writes about it.")
    questions = list(Question.objects.select_for_update().filter(appointment=appointment))
    problem = "The questions were changed meanwhile. What you wrote is still here, and not saved."
    refuse_stale(seen, fingerprint_of(questions), problem=problem)
    stored = {row.pk: {"outcome": row.outcome, "answer": row.answer} for row in questions}
    changed = {key: answers[key] for key in stored.keys() & answers.keys() if answers[key] != stored[key]}
    for key, values in changed.items():
        Question.objects.filter(pk=key).update(**values)
    if changed:
        audit.record(AuditEntry.Action.CHANGED, appointment, by=by, detail="Questions answered")
