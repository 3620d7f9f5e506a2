"""Opinions: drafted, signed, released to the patient, corrected by a new version.

Only the clinician of an appointment writes its opinion. A save or a signature that does not know of what was saved
before it is refused, so nobody covers the work of another, or signs what they have not read. What is signed is in
`content`, with a checksum; the database lets nothing change it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.choices import Agreement, OpinionStatus, Status
from appointments.governance import audit
from appointments.governance.permissions import SIGN, patients_of
from appointments.models import Appointment, AuditEntry, Clinician, Message, Opinion, OpinionOption, Question
from appointments.preparation import answers as visits
from appointments.preparation.answers import OvertakenError, VisitError
from calcsite.checksums import checksum

WORDS = ("correction", "findings", "agreement", "first_opinion", "our_opinion", "next_steps")
OPTION = ("name", "benefits", "risks", "expected")
MOMENT = timedelta(microseconds=1)
MISSING = {
    "findings": "Write what you found.",
    "agreement": "Say how the first opinion and yours relate.",
    "our_opinion": "Write what you say.",
    "next_steps": "Write what to do next.",
}
WEIGHED = {"benefits": "its benefits", "risks": "its risks", "expected": "what to expect"}


class OpinionError(VisitError):
    """The opinion cannot be taken on like this."""


@transaction.atomic
def start(*, appointment: Appointment, by: AbstractUser, at: datetime | None = None) -> Opinion:
    """The draft to work on: the one that there is, or the first one. Raises OpinionError once something is signed."""
    _check_may(appointment, by)
    latest = Opinion.objects.filter(appointment=appointment).first()
    if latest is None:
        return _insert(Opinion(appointment=appointment, number=1), by=by, at=at) or _draft_of(appointment)
    if latest.status != OpinionStatus.DRAFT:
        raise OpinionError("The opinion is signed. To change something, correct it: that makes a new version.")
    return latest


@transaction.atomic
def correct(*, appointment: Appointment, why: str, by: AbstractUser, at: datetime | None = None) -> Opinion:
    """Begin a new version, with the words of the one before and what is corrected. Raises OpinionError when nothing
    is signed yet, or somebody works on a new version already.
    """
    _check_may(appointment, by)
    latest = Opinion.objects.filter(appointment=appointment).first()
    if latest is None or latest.status == OpinionStatus.DRAFT:
        raise OpinionError("There is a draft, and nothing to correct: change the draft.")
    if not why.strip():
        raise OpinionError("Say what is corrected, and why. The patient reads it.")
    words = {name: latest.content[name] for name in WORDS} | {"correction": why.strip()}
    draft = _insert(Opinion(appointment=appointment, number=latest.number + 1, **words), by=by, at=at)
    if draft is None:
        raise OvertakenError("Somebody has just begun a new version. Go on with that one.")
    _put_options(draft, latest.content["options"])
    return draft


@transaction.atomic
def save(
    *,
    opinion: Opinion,
    seen: datetime,
    words: dict[str, str],
    options: Sequence[dict[str, str]],
    answers: dict[int, dict[str, str]],
    answers_seen: str,
    by: AbstractUser,
    at: datetime | None = None,
) -> None:
    """Keep a draft as it is now, complete or not, and the answers to the patient's questions with it.

    `seen` is its `changed_at` as the writer knew it, `answers_seen` the fingerprint of the questions. Raises
    OvertakenError when somebody has saved or signed it since, or asked something else.
    """
    _check_may(opinion.appointment, by)
    now = max(at or timezone.now(), seen + MOMENT)  # two saves never have one time
    mine = Opinion.objects.filter(pk=opinion.pk, status=OpinionStatus.DRAFT, changed_at=seen)
    if mine.update(**words, drafted_by=by, changed_at=now) != 1:
        raise OvertakenError(
            "This opinion was saved or signed meanwhile. What you wrote is still here, and not saved."
        )
    OpinionOption.objects.filter(opinion=opinion).delete()
    _put_options(opinion, options)
    visits.answer(appointment=opinion.appointment, answers=answers, seen=answers_seen, by=by)
    _note(opinion, "saved", by)


@transaction.atomic
def sign(*, opinion: Opinion, seen: str, by: AbstractUser, at: datetime | None = None) -> None:
    """Freeze a draft under the clinician's name. `seen` is the checksum of what they have read (`compose`).

    Raises OvertakenError when it says something else by now, and OpinionError when a part is empty. Draft and
    questions are locked, so that what is checked is what is signed.
    """
    now = at or timezone.now()
    locked = Opinion.objects.select_for_update().get(pk=opinion.pk)
    _check_may(locked.appointment, by)
    if locked.status != OpinionStatus.DRAFT:
        raise OvertakenError("This version is signed already.")
    list(Question.objects.select_for_update().filter(appointment=locked.appointment_id))
    words, clinician = compose(locked), Clinician.objects.get(user=by)
    if checksum(words) != seen:
        raise OvertakenError("Something was changed after you opened this page. Read it again, then sign.")
    if missing := gaps(words, clinician):
        raise OpinionError(" ".join(missing))
    names = {"name": clinician.name, "credentials": clinician.credentials}
    content = words | {"signed": names | {"at": now.isoformat()}}
    Opinion.objects.filter(pk=locked.pk).update(
        status=OpinionStatus.SIGNED,
        content=content,
        checksum=checksum(content),
        signed_by=by,
        signed_at=now,
        **{f"signed_{name}": value for name, value in names.items()},
    )
    _note(locked, "signed", by)


@transaction.atomic
def release(*, opinion: Opinion, by: AbstractUser, at: datetime | None = None) -> None:
    """Let the patient read a signed version, and tell them. Raises OpinionError when it is not the newest one that is
    signed, when it was released already, and when it no longer says what was signed.
    """
    now = at or timezone.now()
    _check_may(opinion.appointment, by)
    signed = Opinion.objects.filter(appointment=opinion.appointment).exclude(status=OpinionStatus.DRAFT)
    newest = signed.first()
    if newest is None or newest.pk != opinion.pk:
        raise OpinionError("Only the newest signed version can be released.")
    if not newest.is_intact:
        raise OpinionError("This version no longer says what was signed. Tell whoever looks after the site.")
    mine = signed.filter(pk=opinion.pk, status=OpinionStatus.SIGNED)
    if mine.update(status=OpinionStatus.RELEASED, released_at=now, released_by=by) != 1:
        raise OvertakenError("This version was released already.")
    kind = Message.Kind.OPINION
    key = f"{kind}-{opinion.pk}"
    Message.objects.create(appointment=opinion.appointment, kind=kind, key=key, due_at=now, created_at=now)
    _note(opinion, "released", by)


def compose(opinion: Opinion) -> dict[str, Any]:
    """What a draft says now, in the form in which it is signed and read."""
    appointment = Appointment.objects.select_related("slot").get(pk=opinion.appointment_id)
    born = appointment.date_of_birth
    return {
        "reference": appointment.reference,
        "number": opinion.number,
        "patient": appointment.name,
        "born": born.isoformat() if born else "",
        "seen_on": timezone.localdate(appointment.slot.starts).isoformat(),
        **{name: getattr(opinion, name) for name in WORDS},
        "agreement_words": Agreement(opinion.agreement).label if opinion.agreement else "",
        "options": list(OpinionOption.objects.filter(opinion=opinion).values(*OPTION)),
        "questions": list(Question.objects.filter(appointment=appointment).values("text", "outcome", "answer")),
    }


def gaps(words: dict[str, Any], clinician: Clinician) -> list[str]:
    """What is missing before an opinion can be signed, each in a sentence that says what to do."""
    found = [sentence for name, sentence in MISSING.items() if not words[name].strip()]
    if words["number"] > 1 and not words["correction"].strip():
        found.append("Say what is corrected, and why.")
    if words["agreement"] != Agreement.NO_FIRST and not words["first_opinion"].strip():
        found.append("Write what the first opinion says, or say that there is none in writing.")
    if not words["options"]:
        found.append("Name at least one treatment. Watching and waiting is one too.")
    for number, option in enumerate(words["options"], start=1):
        found += _gaps_of_option(option, number)
    for number, question in enumerate(words["questions"], start=1):
        found += _gaps_of_answer(question, number)
    if not clinician.credentials.strip():
        found.append("Your credentials are missing: ask whoever looks after the clinicians’ profiles.")
    return found


def _gaps_of_option(option: dict[str, str], number: int) -> list[str]:
    missing = [words for name, words in WEIGHED.items() if not option[name].strip()]
    found = [] if option["name"].strip() else [f"Name treatment {number}."]
    return found + ([f"Treatment {number}: write {', '.join(missing)}."] if missing else [])


def _gaps_of_answer(question: dict[str, str], number: int) -> list[str]:
    if not question["outcome"]:
        return [f"Question {number} of the patient: answer it, or leave it open."]
    is_empty = question["outcome"] == Question.Outcome.ANSWERED and not question["answer"].strip()
    return [f"Question {number} of the patient: write the answer."] if is_empty else []


def _check_may(appointment: Appointment, by: AbstractUser) -> None:
    """Raises OpinionError unless it is the opinion of `by` to write, on somebody who has not cancelled."""
    own = patients_of(by).filter(pk=appointment.pk).values_list("status", flat=True).first()
    if own is None or not by.has_perm(SIGN):
        raise OpinionError("Only the clinician of an appointment writes its opinion.")
    if own == Status.CANCELLED:
        raise OpinionError("This appointment is cancelled: nobody could read an opinion on it.")


def _insert(opinion: Opinion, *, by: AbstractUser, at: datetime | None) -> Opinion | None:
    """Insert a draft; None when somebody was quicker (`one_draft_at_a_time`, `one_opinion_of_a_number`)."""
    opinion.drafted_by, opinion.changed_at = by, at or timezone.now()
    try:
        with transaction.atomic():
            opinion.save(force_insert=True)
    except IntegrityError:
        return None
    _note(opinion, "begun", by)
    return opinion


def _draft_of(appointment: Appointment) -> Opinion:
    draft = Opinion.objects.filter(appointment=appointment, status=OpinionStatus.DRAFT).first()
    if draft is None:
        raise OvertakenError("Somebody has written and signed the opinion meanwhile.")
    return draft


def _put_options(opinion: Opinion, options: Sequence[dict[str, str]]) -> None:
    rows = [OpinionOption(opinion=opinion, position=place, **option) for place, option in enumerate(options)]
    OpinionOption.objects.bulk_create(rows)


def _note(opinion: Opinion, what: str, by: AbstractUser) -> None:
    detail = f"Opinion {opinion.number} {what}"
    audit.record(AuditEntry.Action.CHANGED, opinion.appointment, by=by, detail=detail)
