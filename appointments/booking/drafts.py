"""Drafts: the answers of patients who have not booked yet. A cookie holds a draft's secret; its digest is stored."""

import functools
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from appointments.booking import booking
from appointments.models import Draft
from calcsite.security.tokens import digest_of, new_token

UNSENT = "unsent"  # in `answers`: by the name of the step, input that is no answer yet
MAX_INPUT_CHARACTERS = 20_000  # of one page, which is more than its fields allow
NUL, SUBSTITUTE = "\0", "\x1a"  # both are refused in the same words, but no PostgreSQL holds the first
COOKIE = "__Host-booking" if settings.HTTPS else "booking"
LASTS = timedelta(hours=24)  # after the last answer; WCAG 2.2, 2.2.1 asks for 20 hours or for answers that are kept


# The fields that the pages of the booking read of a draft and its hold: with all, the look-up takes twice as long.
HELD = ["status", "reference", "sequence", "held_until", "created_at", "mode", "slot__starts", "slot__clinician_id"]
OWN = ["digest", "answers", "touched_at"]
OWN += ["appointment_type_id", "clinician_id", "condition_id", "follow_up_id"]


def find(request: HttpRequest, *also: str, at: datetime | None = None) -> Draft | None:
    """The draft of the visitor's cookie, while it lasts, with the related rows that are named in `also`."""
    secret = request.COOKIES.get(COOKIE)
    if not secret:
        return None
    since = (at or timezone.now()) - LASTS
    return next(iter(_with_hold(*also).filter(digest=digest_of(secret), touched_at__gt=since)), None)


@functools.cache
def _with_hold(*also: str) -> QuerySet[Draft]:
    """A query that is put together once for each set of related rows."""
    drafts = Draft.objects.select_related("appointment__slot", *also)
    return drafts.only(*OWN, *(f"appointment__{name}" for name in HELD), *also)


def start(at: datetime | None = None, **known: Any) -> tuple[Draft, str]:
    """A new draft, with the fields that are `known` already, and its secret of 256 bits."""
    now, secret = at or timezone.now(), new_token()
    return Draft.objects.create(digest=digest_of(secret), created_at=now, touched_at=now, **known), secret


def remember(response: HttpResponse, secret: str) -> None:
    """Keep the secret in the visitor's browser, for as long as the draft lasts from now."""
    response.set_cookie(COOKIE, secret, max_age=LASTS, secure=settings.HTTPS, httponly=True, samesite="Lax")


def forget(response: HttpResponse) -> None:
    """Take the secret out of the visitor's browser."""
    response.delete_cookie(COOKIE, samesite="Lax")


@transaction.atomic
def save(*, draft: Draft, step: str, answers: dict[str, Any], at: datetime | None = None, **rows: Any) -> None:
    """Store the answers to one step, and the rows that were chosen. Answers to other steps, from another tab, stay."""
    kept = Draft.objects.select_for_update().get(pk=draft.pk)
    draft.answers = _without_unsent(kept.answers, step) | {step: answers}
    draft.touched_at = at or timezone.now()
    for name, row in rows.items():
        setattr(draft, name, row)
    draft.save(update_fields=["answers", "touched_at", *rows])


def unsent(draft: Draft | None, step: str) -> dict[str, Any]:
    """The input that `keep` has stored for a step. Empty once the step has an answer that came later."""
    return draft.answers.get(UNSENT, {}).get(step, {}) if draft else {}


def is_kept(typed: dict[str, str]) -> bool:
    """Whether input is small enough to be stored."""
    return sum(map(len, typed.values())) <= MAX_INPUT_CHARACTERS


@transaction.atomic
def keep(*, draft: Draft, step: str, typed: dict[str, str], at: datetime | None = None, **words: Any) -> None:
    """Store input that is no answer yet, with `words` about it, until the step is answered. Earlier answers stay."""
    kept = Draft.objects.select_for_update().get(pk=draft.pk)
    typed = {name: value.replace(NUL, SUBSTITUTE) for name, value in typed.items()}
    others = kept.answers.get(UNSENT, {})
    draft.answers = kept.answers | {UNSENT: others | {step: {"typed": typed, **words}}}
    draft.touched_at = at or timezone.now()
    draft.save(update_fields=["answers", "touched_at"])


def _without_unsent(answers: dict[str, Any], step: str) -> dict[str, Any]:
    others = {name: kept for name, kept in answers.get(UNSENT, {}).items() if name != step}
    sent = {name: typed for name, typed in answers.items() if name != UNSENT}
    return sent | {UNSENT: others} if others else sent


@transaction.atomic
def discard(draft: Draft) -> None:
    """Delete a draft and release its hold. A booked appointment stays booked."""
    booking.release(draft=draft)
    draft.delete()
