"""Previews: the page before it is public, for staff and under preview links.

A preview is made by the page's own template from a composed content, so below the preview's bar it is the page, byte
for byte. It is neither stored nor cached.
"""

import copy
import secrets
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from calcsite.errors import UserFacingError
from calcsite.models import PublicName
from calcsite.security.tokens import digest_of
from conditions.composing import compose
from conditions.models import Condition, Edition, PageEvent, PreviewLink, PublishedPicture
from conditions.months import months_after
from conditions.publishing import pages

MAX_LINK_DAYS = 30


def composed(condition: Condition) -> Edition:
    """The edition that a submission of the working copy would make now. Not stored."""
    last = condition.editions.aggregate(last=Max("number"))["last"] or 0
    return Edition(condition=condition, number=last + 1, content=compose(condition))


def as_it_will_read(edition: Edition, clinician: PublicName | None = None, *, at: datetime | None = None) -> Edition:
    """An edition in its public form: a decided edition as it was decided, another as if this clinician approved it at
    that moment, or without a clinician as if it were published without review.
    """
    if edition.published_at:
        return edition
    if edition.is_scheduled:
        scheduled = copy.copy(edition)
        scheduled.published_at = edition.goes_live_at
        return scheduled
    return as_approved(edition, clinician, at=at) if clinician else as_unreviewed(edition, at=at)


def as_approved(edition: Edition, clinician: PublicName, *, at: datetime | None = None) -> Edition:
    """An edition as it would be if this clinician gave it a full review and approved it at that moment. Not stored."""
    approved = copy.copy(edition)
    approved.status, approved.published_at = Edition.Status.APPROVED, at or timezone.now()
    approved.reviewer_name, approved.reviewer_credentials = clinician
    approved.corrector_name, approved.corrector_credentials, approved.corrected_on = "", "", None
    approved.reviewed_on = timezone.localdate(approved.published_at)
    approved.review_due_on = months_after(approved.reviewed_on, edition.condition.review_months)
    return approved


def response(edition: Edition, *, bar: dict[str, Any], on: date | None = None) -> HttpResponse:
    """The preview of an edition. No cache keeps it, no search engine lists it, and no other site learns its address.

    Its forms lead nowhere but to the search: "Was this page helpful?" asks about the page, not about a preview.
    """
    answer = HttpResponse(pages.render(edition, on=on or timezone.localdate(), preview=bar))
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    answer._csp_replace = {"form-action": [settings.SITE_URL + reverse("conditions:search")]}
    return answer


@transaction.atomic
def share(
    *, condition: Condition, by: AbstractBaseUser, days: int, edition: Edition | None = None
) -> tuple[PreviewLink, str]:
    """Make a link for people without an account: to one edition, or to the working copy as it will be.

    Returns it with its secret, which is not kept and cannot be shown again. Raises UserFacingError for less than one
    day or more than `MAX_LINK_DAYS`, or an edition of another page.
    """
    if not 1 <= days <= MAX_LINK_DAYS:
        raise UserFacingError(f"A preview link lasts from 1 to {MAX_LINK_DAYS} days.")
    if edition is not None and edition.condition_id != condition.pk:
        raise UserFacingError("That edition is of another page.")
    token, now = secrets.token_urlsafe(24), timezone.now()
    link = PreviewLink.objects.create(
        condition=condition,
        edition=edition,
        digest=digest_of(token),
        made_by=by,
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    why = f"{edition or 'The working copy'}, for {days} {'day' if days == 1 else 'days'}."
    PageEvent.record(PageEvent.Kind.SHARED, condition, by=by, edition=edition, why=why)
    return link, token


@transaction.atomic
def unshare(*, link: PreviewLink, by: AbstractBaseUser) -> None:
    """End a link before its time. Does nothing when it has ended."""
    if PreviewLink.objects.usable().filter(pk=link.pk).update(revoked_at=timezone.now()):
        PageEvent.record(PageEvent.Kind.UNSHARED, link.condition, by=by, edition=link.edition)


def shared_edition(link: PreviewLink) -> Edition:
    """The edition that a preview link shows."""
    return as_it_will_read(link.edition or composed(link.condition))


def as_unreviewed(edition: Edition, *, at: datetime | None = None) -> Edition:
    """An edition as it would be if it were published without review at that moment. Not stored."""
    published = copy.copy(edition)
    published.status, published.published_at = Edition.Status.UNREVIEWED, at or timezone.now()
    return published


def picture_is_public(name: str) -> bool:
    return PublishedPicture.objects.filter(name=name, condition__live_edition__isnull=False).exists()


def picture_is_shared(name: str) -> bool:
    """Whether a usable preview link leads to a page with this picture."""
    links = PreviewLink.objects.usable()
    pinned = links.filter(edition__content__picture__file=name)
    return pinned.exists() or links.filter(edition=None, condition__picture=name).exists()
