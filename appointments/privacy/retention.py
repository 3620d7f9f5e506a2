"""Retention: rows are deleted after the periods of `settings.RETENTION_DAYS`, class by class.

Appointments are part of the health record. The NHS Records Management Code of Practice keeps that of an adult for
eight years after the last contact, and that of a child until the 25th birthday, or the 26th for a patient aged 17 at
the end (Appendix II). Rows that only served the booking are no record, and are kept no longer than needed (UK GDPR,
article 5(1)(e), storage limitation). While there is a legal hold on an appointment, nothing of it is deleted.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from appointments.choices import COMING, Status
from appointments.documents import documents
from appointments.governance import legal_holds
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
from calcsite.errors import UserFacingError
from calcsite.mail import sending
from calcsite.models import DeliveryStatus
from calcsite.security import limits

CHILD_RECORD_YEARS = 26  # records of younger patients are not deleted
ERASURES_PER_ROUND = 100  # appointments, so that other work need not wait long

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outdated:
    """The rows of one kind that are past their retention period: those to delete, and those under a legal hold."""

    name: str
    days: int
    rows: QuerySet
    held: QuerySet
    becomes: dict[str, Any] | None = None  # the new values, for rows that are kept


def outdated(at: datetime | None = None) -> list[Outdated]:
    """The rows past their retention period, kind by kind. The draft of a current hold stays.

    An undelivered message stays until staff have handled it or the appointment is over, because it tells staff to
    telephone.
    """
    now = at or timezone.now()
    drafts, ended = (now - timedelta(days=settings.RETENTION_DAYS[name]) for name in ("drafts", "secrets"))
    holding = Q(appointment__status=Status.HELD, appointment__held_until__gt=now)
    is_over = Q(expires_at__lte=ended) | Q(ended_at__lte=ended)

    unlinked = Message.objects.filter(appointment=None, due_at__lte=ended)  # requested by e-mail address
    return [
        _outdated_rows("drafts", Draft.objects.filter(touched_at__lte=drafts).exclude(holding), "appointment"),
        _outdated_rows("secrets", Code.objects.filter(expires_at__lte=ended), "appointment"),
        _outdated_rows("secrets", PatientLink.objects.filter(is_over), "appointment"),
        _outdated_rows("secrets", CarerLink.objects.filter(is_over), "appointment"),
        _outdated_rows("secrets", Offer.objects.filter(expires_at__lte=ended), "entry__appointment"),
        _outdated_rows("secrets", unlinked, "appointment"),
        _undelivered(now),
        _old_staff_mail(now),
        Outdated("sessions", 0, Session.objects.filter(expire_date__lte=now), Session.objects.none()),
        _outdated_rows("appointments", old_appointments(now), "pk"),
    ]


def _undelivered(at: datetime) -> Outdated:
    """Messages that waited or failed for MAIL_KEPT_DAYS: they are dropped, with the answers of the mail server.

    Sent e-mails are not stored (`appointments.messages.queue`), so there is nothing else to delete.
    """
    final = [DeliveryStatus.SENT, DeliveryStatus.DROPPED]
    old = Message.objects.filter(due_at__lte=at - timedelta(days=settings.MAIL_KEPT_DAYS)).exclude(status__in=final)
    failed = Message.objects.failed(at).order_by()
    is_told_by_staff = failed.filter(appointment__status__in=COMING, appointment__slot__starts__gt=at)
    rows = old.exclude(appointment=None).exclude(pk__in=is_told_by_staff.values("pk"))
    held = legal_holds.held("appointment")
    becomes = {"status": DeliveryStatus.DROPPED, "leased_until": None, "last_error": ""}
    return Outdated("undelivered messages", settings.MAIL_KEPT_DAYS, rows.exclude(held), rows.filter(held), becomes)


def _old_staff_mail(at: datetime) -> Outdated:
    rows = sending.old_staff_mail(at)
    return Outdated(str(rows.model._meta.verbose_name_plural), settings.MAIL_KEPT_DAYS, rows, rows.none())


def _outdated_rows(kept_as: str, rows: QuerySet, path: str) -> Outdated:
    name, held = str(rows.model._meta.verbose_name_plural), legal_holds.held(path)
    return Outdated(name, settings.RETENTION_DAYS[kept_as], rows.exclude(held), rows.filter(held))


def old_appointments(at: datetime) -> QuerySet[Appointment]:
    """Appointments past the retention period since the last contact, of patients of age or of unknown age.

    The last contact is the appointment, a follow-up of it, a check-in, or the end of the recovery plan.
    """
    last = at - timedelta(days=settings.RETENTION_DAYS["appointments"])
    day = timezone.localdate(at)
    born = day.replace(year=day.year - CHILD_RECORD_YEARS, day=min(day.day, 28))
    of_it = {"plan__appointment": OuterRef("pk")}
    return (
        Appointment.objects.booked()
        .filter(Q(date_of_birth=None) | Q(date_of_birth__lte=born), slot__ends__lte=last)
        .exclude(Exists(CheckIn.objects.filter(at__gt=last, **of_it)))
        .exclude(Exists(FollowUp.objects.filter(appointment__slot__ends__gt=last, **of_it)))
        .exclude(Exists(RecoveryPlan.objects.filter(appointment=OuterRef("pk"), last_day__gt=last.date())))
    )


def clean_up(at: datetime | None = None, *, dry_run: bool = False) -> dict[str, int]:
    """Delete rows past their retention period. Returns their number by kind; with `dry_run` nothing is deleted."""
    return {each.name: each.rows.count() if dry_run else _delete(each, at or timezone.now()) for each in outdated(at)}


def _delete(outdated: Outdated, at: datetime) -> int:
    """Delete rows and return their number without cascades. Appointments are erased as on a patient's request."""
    rows = outdated.rows
    if outdated.becomes is not None:
        return rows.update(**outdated.becomes)
    if rows.model is not Appointment:
        with transaction.atomic():
            return rows.delete()[1].get(rows.model._meta.label, 0)
    return sum(_erase(appointment, at) for appointment in list(rows.order_by("slot__ends")[:ERASURES_PER_ROUND]))


def _erase(appointment: Appointment, at: datetime) -> bool:
    try:
        erasure.erase(appointment=appointment, at=at)
    except UserFacingError:
        logger.info("appointment %s is kept: a hold was placed on it meanwhile, or it is gone", appointment.pk)
        return False
    return True


def clean_up_daily(at: datetime | None = None) -> dict[str, int]:
    """Clean up once a day, in the first worker that calls it."""
    if not limits.allow(scope="retention", key="daily", limit=1, per=timedelta(days=1), at=at):
        return {}
    return clean_up(at) | {"files of documents": documents.sweep(at)}
