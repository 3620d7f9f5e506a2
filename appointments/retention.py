"""Retention: what is deleted when nobody needs it any more.

Appointments themselves stay here: they are part of the health record. The NHS Records Management Code of Practice
keeps that for eight years after the last contact (Appendix II, "Adult health records"). What only served to book them
is no record, and is kept no longer than it is needed (UK GDPR, article 5(1)(e), storage limitation).
"""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from appointments import drafts, messaging
from appointments.kinds import COMING, Status
from appointments.models import Code, Draft, Message, Offer, PatientLink
from calcsite import limits, outbox

SECRETS = timedelta(days=30)  # after a link, a code or an offer has ended: "why did it not work?" can be answered


def over(at: datetime | None = None) -> list[QuerySet]:
    """What has been kept long enough. A draft stays while a time is held for it.

    So does an e-mail that never arrived, until somebody has dealt with it or the appointment is over: it is what tells
    staff to telephone.
    """
    now = at or timezone.now()
    ended = now - SECRETS
    holding = Q(appointment__status=Status.HELD, appointment__held_until__gt=now)
    still_to_tell = messaging.failed(now).filter(appointment__status__in=COMING, appointment__slot__starts__gt=now)
    mail = outbox.old(now).exclude(pk__in=still_to_tell.order_by().values("email").exclude(email=None))
    return [
        Draft.objects.filter(touched_at__lte=now - drafts.LASTS).exclude(holding),
        Code.objects.filter(expires_at__lte=ended),
        PatientLink.objects.filter(Q(expires_at__lte=ended) | Q(ended_at__lte=ended)),
        Offer.objects.filter(expires_at__lte=ended),
        Message.objects.filter(appointment=None, due_at__lte=ended),  # asked for by somebody who gave an address
        outbox.attached_to_none_but(mail),  # before the mail, by which it is found
        mail,
        Session.objects.filter(expire_date__lte=now),
    ]


@transaction.atomic
def clean_up(at: datetime | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what has been kept long enough. Returns how many rows of each kind; with `dry_run` only that."""
    return {str(rows.model._meta.verbose_name_plural): _count(rows, delete=not dry_run) for rows in over(at)}


def _count(rows: QuerySet, *, delete: bool) -> int:
    """How many rows there are, or were; what goes with them is not counted."""
    return rows.delete()[1].get(rows.model._meta.label, 0) if delete else rows.count()


def clean_up_daily(at: datetime | None = None) -> dict[str, int]:
    """Clean up once a day, whichever worker asks first."""
    if not limits.allow(scope="retention", key="daily", limit=1, per=timedelta(days=1), at=at):
        return {}
    told = clean_up(at)
    return told | {"attached files": outbox.delete_stray_files(at or timezone.now())}
