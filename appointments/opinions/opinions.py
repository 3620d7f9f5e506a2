"""Opinions: drafted, signed, released to the patient, corrected by a new version.

Only the clinician of an appointment writes its opinion. A save from an older state of the draft and a signature on
other words than were read raise StaleError. A signed version is in `content`, with a checksum, and a trigger keeps the
row from changing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.choices import Agreement, OpinionStatus, Status
from appointments.governance import audit
from appointments.governance.permissions import SIGN, patients_of
from appointments.models import Appointment, AuditEntry, Clinician, Message, Opinion, OpinionOption, Question
from appointments.preparation import answers as question_answers
from calcsite.checksums import checksum
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError, fingerprint, refuse_stale

TEXTS = ("correction", "findings", "agreement", "first_opinion", "our_opinion", "next_steps")
OPTION_TEXTS = ("name", "benefits", "risks", "expected")
GAP_SENTENCES = {
    "findings": "Write what you found.",
    "agreement": "Say how the first opinion and yours relate.",
    "our_opinion": "Write what you say.",
    "next_steps": "Write what to do next.",
}
OPTION_PARTS = {"benefits": "its benefits", "risks": "its risks", "expected": "what to expect"}


@transaction.atomic
def start(*, appointment: Appointment, by: AbstractUser, at: datetime | None = None) -> Opinion:
    """The draft of an opinion; the first one is created. Raises UserFacingError once a version is signed."""
    _check_may_write(appointment, by)
    latest = Opinion.objects.filter(appointment=appointment).first()
    if latest is None:
        return _insert(Opinion(appointment=appointment, number=1), by=by, at=at) or _draft_of(appointment)
    if latest.status != OpinionStatus.DRAFT:
        raise UserFacingError("The opinion is signed. To change something, correct it: that makes a new version.")
    return latest


@transaction.atomic
def correct(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> Opinion:
    """Begin a new version with the texts of the one before, and `why` as the correction that the patient reads.

    Raises UserFacingError when no version is signed yet, and StaleError when there is a draft of the new version.
    """
    _check_may_write(appointment, by)
    latest = Opinion.objects.filter(appointment=appointment).first()
    if latest is None or latest.status == OpinionStatus.DRAFT:
        raise UserFacingError("There is a draft, and nothing to correct: change the draft.")
    if not why.strip():
        raise UserFacingError("Say what is corrected, and why. The patient reads it.")
    texts = {name: latest.content[name] for name in TEXTS} | {"correction": why.strip()}
    draft = _insert(Opinion(appointment=appointment, number=latest.number + 1, **texts), by=by, at=at)
    if draft is None:
        raise StaleError("Somebody has just begun a new version. Go on with that one.")
    _insert_options(draft, latest.content["options"])
    return draft


def fingerprint_of(opinion: Opinion) -> str:
    """The fingerprint of a draft, as it was read from the database, with its options."""
    return fingerprint(opinion, *OpinionOption.objects.filter(opinion=opinion))


@transaction.atomic
def save(
    *,
    opinion: Opinion,
    seen: str,
    texts: dict[str, str],
    options: Sequence[dict[str, str]],
    answers: dict[int, dict[str, str]],
    answers_seen: str,
    by: AbstractUser,
    at: datetime | None = None,
) -> None:
    """Store a draft, complete or not, with the answers to the patient's questions.

    Raises StaleError when the draft is not in the state `seen` or is signed, and when the questions are not in the
    state `answers_seen`.
    """
    _check_may_write(opinion.appointment, by)
    draft = Opinion.objects.select_for_update().filter(pk=opinion.pk, status=OpinionStatus.DRAFT)
    stored = draft.first()
    problem = "This opinion was saved or signed meanwhile. What you wrote is still here, and not saved."
    refuse_stale(seen, fingerprint_of(stored) if stored else "", problem=problem)
    draft.update(**texts, drafted_by=by, changed_at=at or timezone.now())
    OpinionOption.objects.filter(opinion=opinion).delete()
    _insert_options(opinion, options)
    question_answers.answer(appointment=opinion.appointment, answers=answers, seen=answers_seen, by=by)
    _record(opinion, "saved", by)


@transaction.atomic
def sign(*, opinion: Opinion, seen: str, by: AbstractUser, at: datetime | None = None) -> None:
    """Freeze a draft under the clinician's name. `seen` is the fingerprint of the composed draft that they have read.

    Raises StaleError when the draft is composed differently now, and UserFacingError when a part is empty. Draft and
    questions are locked, so that the checked state is the signed one.
    """
    now = at or timezone.now()
    locked = Opinion.objects.select_for_update().get(pk=opinion.pk)
    _check_may_write(locked.appointment, by)
    if locked.status != OpinionStatus.DRAFT:
        raise StaleError("This version is signed already.")
    list(Question.objects.select_for_update().filter(appointment=locked.appointment_id))
    composed, clinician = compose(locked), Clinician.objects.get(user=by)
    problem = "Something was changed after you opened this page. Read it again, then sign."
    refuse_stale(seen, fingerprint(composed), problem=problem)
    if missing := gaps(composed, clinician):
        raise UserFacingError(" ".join(missing))
    names = {"name": clinician.name, "credentials": clinician.credentials}
    content = composed | {"signed": names | {"at": now.isoformat()}}
    Opinion.objects.filter(pk=locked.pk).update(
        status=OpinionStatus.SIGNED,
        content=content,
        checksum=checksum(content),
        signed_by=by,
        signed_at=now,
        **{f"signed_{name}": value for name, value in names.items()},
    )
    _record(locked, "signed", by)


@transaction.atomic
def release(*, opinion: Opinion, by: AbstractUser, at: datetime | None = None) -> None:
    """Let the patient read a signed version, and send them a message.

    Raises UserFacingError when it is not the newest signed version or its content no longer has the signed checksum,
    and StaleError when it was released already.
    """
    now = at or timezone.now()
    _check_may_write(opinion.appointment, by)
    signed = Opinion.objects.filter(appointment=opinion.appointment).exclude(status=OpinionStatus.DRAFT)
    newest = signed.first()
    if newest is None or newest.pk != opinion.pk:
        raise UserFacingError("Only the newest signed version can be released.")
    if not newest.is_intact:
        raise UserFacingError("This version no longer says what was signed. Tell whoever looks after the site.")
    mine = signed.filter(pk=opinion.pk, status=OpinionStatus.SIGNED)
    if mine.update(status=OpinionStatus.RELEASED, released_at=now, released_by=by) != 1:
        raise StaleError("This version was released already.")
    about = {"appointment": opinion.appointment, "opinion": opinion}
    Message.objects.create(kind=Message.Kind.OPINION, due_at=now, created_at=now, **about)
    _record(opinion, "released", by)


def compose(opinion: Opinion) -> dict[str, Any]:
    """The content of a draft, in the form in which it is signed and read."""
    appointment = Appointment.objects.select_related("slot").get(pk=opinion.appointment_id)
    born = appointment.date_of_birth
    return {
        "reference": appointment.reference,
        "number": opinion.number,
        "patient": appointment.name,
        "born": born.isoformat() if born else "",
        "seen_on": timezone.localdate(appointment.slot.starts).isoformat(),
        **{name: getattr(opinion, name) for name in TEXTS},
        "agreement_words": Agreement(opinion.agreement).label if opinion.agreement else "",
        "options": list(OpinionOption.objects.filter(opinion=opinion).values(*OPTION_TEXTS)),
        "questions": list(Question.objects.filter(appointment=appointment).values("text", "outcome", "answer")),
    }


def gaps(content: dict[str, Any], clinician: Clinician) -> list[str]:
    """The parts missing before an opinion can be signed, each as a sentence with the next step."""
    found = [sentence for name, sentence in GAP_SENTENCES.items() if not content[name].strip()]
    if content["number"] > 1 and not content["correction"].strip():
        found.append("Say what is corrected, and why.")
    if content["agreement"] != Agreement.NO_FIRST and not content["first_opinion"].strip():
        found.append("Write what the first opinion says, or say that there is none in writing.")
    if not content["options"]:
        found.append("Name at least one treatment. Watching and waiting is one too.")
    for number, option in enumerate(content["options"], start=1):
        found += _option_gaps(option, number)
    for number, question in enumerate(content["questions"], start=1):
        found += _answer_gaps(question, number)
    if not clinician.credentials.strip():
        found.append("Your credentials are missing: ask whoever looks after the clinicians’ profiles.")
    return found


def _option_gaps(option: dict[str, str], number: int) -> list[str]:
    missing = [words for name, words in OPTION_PARTS.items() if not option[name].strip()]
    found = [] if option["name"].strip() else [f"Name treatment {number}."]
    return found + ([f"Treatment {number}: write {', '.join(missing)}."] if missing else [])


def _answer_gaps(question: dict[str, str], number: int) -> list[str]:
    if not question["outcome"]:
        return [f"Question {number} of the patient: answer it, or leave it open."]
    is_empty = question["outcome"] == Question.Outcome.ANSWERED and not question["answer"].strip()
    return [f"Question {number} of the patient: write the answer."] if is_empty else []


def _check_may_write(appointment: Appointment, by: AbstractUser) -> None:
    """Raises UserFacingError unless `by` is the clinician of the appointment, may sign, and it is not cancelled."""
    own = patients_of(by).filter(pk=appointment.pk).values_list("status", flat=True).first()
    if own is None or not by.has_perm(SIGN):
        raise UserFacingError("Only the clinician of an appointment writes its opinion.")
    if own == Status.CANCELLED:
        raise UserFacingError("This appointment is cancelled: nobody could read an opinion on it.")


def _insert(opinion: Opinion, *, by: AbstractUser, at: datetime | None) -> Opinion | None:
    """Insert a draft; None if there is one already (`one_draft_at_a_time`, `one_opinion_of_a_number`)."""
    opinion.drafted_by, opinion.changed_at = by, at or timezone.now()
    try:
        with transaction.atomic():
            opinion.save(force_insert=True)
    except IntegrityError:
        return None
    _record(opinion, "begun", by)
    return opinion


def _draft_of(appointment: Appointment) -> Opinion:
    draft = Opinion.objects.filter(appointment=appointment, status=OpinionStatus.DRAFT).first()
    if draft is None:
        raise StaleError("Somebody has written and signed the opinion meanwhile.")
    return draft


def _insert_options(opinion: Opinion, options: Sequence[dict[str, str]]) -> None:
    rows = [OpinionOption(opinion=opinion, position=place, **option) for place, option in enumerate(options)]
    OpinionOption.objects.bulk_create(rows)


def _record(opinion: Opinion, what: str, by: AbstractUser) -> None:
    detail = f"Opinion {opinion.number} {what}"
    audit.record(AuditEntry.Action.CHANGED, opinion.appointment, by=by, detail=detail)
