"""Retention: what is deleted when nobody needs it any more, class by class (`settings.RETENTION_DAYS`).

Appointments are part of the health record. The NHS Records Management Code of Practice keeps that of an adult for
eight years after the last contact, and that of a child until the 25th birthday, or the 26th for who was 17 at the end
(Appendix II). What only served to book them is no record, and is kept no longer than it is needed (UK GDPR, article
5(1)(e), storage limitation). While there is a legal hold on an appointment, nothing of it is deleted.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.choices import COMING, Status
from appointments.documents import documents
from appointments.governance import legal_holds
from appointments.messages import messaging
from appointments.models import (
    Appointment,
    CarerLink,
    CheckIn,
    Code,
    Draft,
    FollowUp,
    Message,
    Offer,
    PatientLink,
    RecoveryPlan,
)
from appointments.privacy import erasure
from calcsite import outbox
from calcsite.security import limits

GROWN_UP = 26  # years: the records of nobody younger are deleted
ERASED_AT_ONCE = 100  # appointments of one round: other work waits

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outdated:
    """What has been kept long enough of one kind, and how much of that a legal hold keeps."""

    name: str
    days: int
    rows: QuerySet
    held: QuerySet


def over(at: datetime | None = None) -> list[Outdated]:
    """What has been kept long enough, kind by kind. A draft stays while a time is held for it.

    So does an e-mail that never arrived, until somebody has dealt with it or the appointment is over: it is what tells
    staff to telephone.
    """
    now = at or timezone.now()
    drafts, ended = (now - timedelta(days=settings.RETENTION_DAYS[name]) for name in ("drafts", "secrets"))
    holding = Q(appointment__status=Status.HELD, appointment__held_until__gt=now)
    is_over = Q(expires_at__lte=ended) | Q(ended_at__lte=ended)
    nobodys = Message.objects.filter(appointment=None, due_at__lte=ended)  # asked for by somebody who gave an address
    return [
        _outdated("drafts", Draft.objects.filter(touched_at__lte=drafts).exclude(holding), "appointment"),
        _outdated("secrets", Code.objects.filter(expires_at__lte=ended), "appointment"),
        _outdated("secrets", PatientLink.objects.filter(is_over), "appointment"),
        _outdated("secrets", CarerLink.objects.filter(is_over), "appointment"),
        _outdated("secrets", Offer.objects.filter(expires_at__lte=ended), "entry__appointment"),
        _outdated("secrets", nobodys, "appointment"),
        *_old_mail(now),
        Outdated("sessions", 0, Session.objects.filter(expire_date__lte=now), Session.objects.none()),
        _outdated("appointments", old_appointments(now), "pk"),
    ]


def _old_mail(at: datetime) -> list[Outdated]:
    """What the outbox has kept long enough, and what is attached to it: that first, by which it is found."""
    still_to_tell = messaging.failed(at).filter(appointment__status__in=COMING, appointment__slot__starts__gt=at)
    mail = outbox.old(at).exclude(pk__in=still_to_tell.order_by().values("email").exclude(email=None))
    held = legal_holds.on("patient_message__appointment")
    days, kept = settings.MAIL_KEPT_DAYS, mail.filter(held)
    attached = outbox.attached_to_none_but(mail.exclude(held))
    return [
        Outdated("attachments", days, attached, attached.none()),
        Outdated("e-mails", days, mail.exclude(held), kept),
    ]


def _outdated(kept_as: str, rows: QuerySet, path: str) -> Outdated:
    name, held = str(rows.model._meta.verbose_name_plural), legal_holds.on(path)
    return Outdated(name, settings.RETENTION_DAYS[kept_as], rows.exclude(held), rows.filter(held))


def old_appointments(at: datetime) -> QuerySet[Appointment]:
    """Those whose last contact is long ago, and whose patient is no child, as far as anybody knows.

    The last contact is the appointment, a follow-up of it, a check-in, or the end of the recovery plan.
    """
    last = at - timedelta(days=settings.RETENTION_DAYS["appointments"])
    day = timezone.localdate(at)
    born = day.replace(year=day.year - GROWN_UP, day=min(day.day, 28))
    of_it = {"plan__appointment": OuterRef("pk")}
    return (
        Appointment.objects.booked()
        .filter(Q(date_of_birth=None) | Q(date_of_birth__lte=born), slot__ends__lte=last)
        .exclude(Exists(CheckIn.objects.filter(at__gt=last, **of_it)))
        .exclude(Exists(FollowUp.objects.filter(appointment__slot__ends__gt=last, **of_it)))
        .exclude(Exists(RecoveryPlan.objects.filter(appointment=OuterRef("pk"), last_day__gt=last.date())))
    )


def clean_up(at: datetime | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what has been kept long enough. Returns how many rows of each kind; with `dry_run` only that."""
    return {each.name: each.rows.count() if dry_run else _delete(each.rows, at or timezone.now()) for each in over(at)}


def _delete(rows: QuerySet, at: datetime) -> int:
    """How many rows there were; what goes with them is not counted. Appointments go the way of every erasure."""
    if rows.model is not Appointment:
        with transaction.atomic():
            return rows.delete()[1].get(rows.model._meta.label, 0)
    return sum(_erase(appointment, at) for appointment in list(rows.order_by("slot__ends")[:ERASED_AT_ONCE]))


def _erase(appointment: Appointment, at: datetime) -> bool:
    try:
        erasure.erase(appointment=appointment, at=at)
    except erasure.ErasureError:
        logger.info("appointment %s is kept: a hold was placed on it meanwhile, or it is gone", appointment.pk)
        return False
    return True


def clean_up_daily(at: datetime | None = None) -> dict[str, int]:
    """Clean up once a day, whichever worker asks first."""
    if not limits.allow(scope="retention", key="daily", limit=1, per=timedelta(days=1), at=at):
        return {}
    told, stray = clean_up(at), outbox.delete_stray_files(at or timezone.now())
    return told | {"attached files": stray, "files of documents": documents.sweep(at)}
