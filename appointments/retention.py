"""Retention: what is deleted when nobody needs it any more.

Appointments themselves stay here: they are part of the health record. The NHS Records Management Code of Practice
keeps that for eight years after the last contact (Appendix II, "Adult health records"). What only served to book them
is no record, and is kept no longer than it is needed (UK GDPR, article 5(1)(e), storage limitation).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments.kinds import Status
from appointments.models import Code, Draft, Offer, PatientLink
from calcsite import limits

DRAFTS = timedelta(hours=24)  # after the last answer: WCAG 2.2, 2.2.6 asks for at least 20 hours
SECRETS = timedelta(days=30)  # after a link, a code or an offer has ended: "why did it not work?" can be answered


def over(at: datetime | None = None) -> list[QuerySet]:
    """What has been kept long enough. A draft stays while a time is held for it."""
    now = at or timezone.now()
    ended = now - SECRETS
    holding = Q(appointment__status=Status.HELD, appointment__held_until__gt=now)
    return [
        Draft.objects.filter(touched_at__lte=now - DRAFTS).exclude(holding),
        Code.objects.filter(expires_at__lte=ended),
        PatientLink.objects.filter(Q(expires_at__lte=ended) | Q(ended_at__lte=ended)),
        Offer.objects.filter(expires_at__lte=ended),
    ]


@transaction.atomic
def clean_up(at: datetime | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what has been kept long enough. Returns how many rows of each kind; with `dry_run` only that."""
    return {
        str(rows.model._meta.verbose_name_plural): rows.count() if dry_run else rows.delete()[0] for rows in over(at)
    }


def clean_up_daily(at: datetime | None = None) -> dict[str, int]:
    """Clean up once a day, whichever worker asks first."""
    if not limits.allow(scope="retention", key="daily", limit=1, per=timedelta(days=1), at=at):
        return {}
    return clean_up(at)
