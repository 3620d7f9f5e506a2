"""What somebody has answered so far, kept on our side. Their browser holds a secret in a cookie, and we its digest."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from appointments import booking
from appointments.kinds import Status
from appointments.models import Draft
from calcsite.tokens import digest_of

COOKIE = "__Host-booking" if settings.HTTPS else "booking"
LASTS = timedelta(hours=24)  # after the last answer; WCAG 2.2, 2.2.1 asks for 20 hours or for answers that are kept


def find(request: HttpRequest, at: datetime | None = None) -> Draft | None:
    """The draft that the visitor's cookie leads to, while it lasts."""
    secret = request.COOKIES.get(COOKIE)
    if not secret:
        return None
    since = (at or timezone.now()) - LASTS
    drafts = Draft.objects.select_related("appointment__slot__clinician", "appointment__type")
    return drafts.filter(digest=digest_of(secret), touched_at__gt=since).first()


def start(at: datetime | None = None) -> tuple[Draft, str]:
    """A new draft, and the secret of 256 bits that leads to it."""
    now, secret = at or timezone.now(), secrets.token_urlsafe(32)
    return Draft.objects.create(digest=digest_of(secret), created_at=now, touched_at=now), secret


def remember(response: HttpResponse, secret: str) -> None:
    """Keep the secret in the visitor's browser, for as long as the draft lasts from now."""
    response.set_cookie(COOKIE, secret, max_age=LASTS, secure=settings.HTTPS, httponly=True, samesite="Lax")


def forget(response: HttpResponse) -> None:
    """Take the secret out of the visitor's browser."""
    response.delete_cookie(COOKIE, samesite="Lax")


@transaction.atomic
def save(*, draft: Draft, step: str, answers: dict[str, Any], at: datetime | None = None) -> None:
    """Keep the answers to one step. Those to other steps, given in another tab meanwhile, stay."""
    kept = Draft.objects.select_for_update().get(pk=draft.pk).answers
    draft.answers, draft.touched_at = kept | {step: answers}, at or timezone.now()
    draft.save(update_fields=["answers", "touched_at"])


@transaction.atomic
def discard(draft: Draft) -> None:
    """Delete a draft and let go of the time that was held for it. What was booked stays booked."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.appointment and draft.appointment.status == Status.HELD:
        booking.let_go(draft.appointment)
    draft.delete()


def empty(draft: Draft) -> None:
    """Forget the answers once they are in an appointment. The draft still leads to it."""
    Draft.objects.filter(pk=draft.pk).update(answers={})
