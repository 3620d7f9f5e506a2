"""A clinician's calendar feed: an iCalendar file under a secret address, which the clinician makes, renews and
revokes.

The feed names no patient and nothing medical, because calendar programs store it on other machines: only the kind of
appointment, how, where, and the reference. RFC 5545, RFC 7986 (REFRESH-INTERVAL). The secret has 256 bits (ASVS 5.0,
11.5.1, asks for 128); only its digest is stored.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event

from appointments.booking.calendar_file import PRODUCT
from appointments.choices import Mode, Status
from appointments.governance import audit
from appointments.governance.permissions import VIEW
from appointments.models import Appointment, AuditEntry, Clinician
from appointments.models.appointments import AppointmentQuerySet
from calcsite.security.tokens import digest_of, new_token

PAST_SHOWN = timedelta(days=30)  # older appointments are not looked up in a calendar
FEED = "Calendar feed"


@transaction.atomic
def renew(*, clinician: Clinician, by: AbstractUser) -> str:
    """Give a clinician a new secret address, and revoke the one before. Returns the secret, which is not stored."""
    secret = new_token()
    _set_digest(clinician, digest_of(secret), by, "New address of the calendar feed.")
    return secret


@transaction.atomic
def revoke(*, clinician: Clinician, by: AbstractUser) -> None:
    """Revoke a clinician's secret address: it answers 404 from now on."""
    _set_digest(clinician, "", by, "Calendar feed ended.")


def _set_digest(clinician: Clinician, digest: str, by: AbstractUser, message: str) -> None:
    Clinician.objects.filter(pk=clinician.pk).update(feed_digest=digest, feed_of=F("user"))
    clinician.feed_digest = digest
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(Clinician),
        object_id=clinician.pk,
        object_repr=str(clinician)[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def find(secret: str) -> Clinician | None:
    """The clinician whose feed has this secret, or None.

    A feed ends with the account, with its permission to see appointments, and when the clinician gets another account.
    """
    found = Clinician.objects.filter(feed_digest=digest_of(secret), feed_of=F("user")).select_related("user").first()
    return found if found and found.user.has_perm(VIEW) else None


def feed_appointments(clinician: Clinician, at: datetime | None = None) -> AppointmentQuerySet:
    """The appointments in a clinician's feed: the upcoming ones, and those of the last `PAST_SHOWN` but for cancelled
    ones.
    """
    since = (at or timezone.now()) - PAST_SHOWN
    booked = Appointment.objects.booked().filter(slot__clinician=clinician, slot__starts__gte=since)
    booked = booked.exclude(status=Status.CANCELLED).order_by("slot__starts")
    return booked.select_related("slot__location", "appointment_type")


@transaction.atomic
def calendar_of(clinician: Clinician, at: datetime | None = None) -> bytes:
    """A clinician's feed as an iCalendar file. Each record in it enters the audit log once a day."""
    now = at or timezone.now()
    appointments = list(feed_appointments(clinician, now))
    _record(clinician, appointments, now)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"value": "DURATION"})
    for appointment in appointments:
        calendar.add_component(_event(appointment))
    return calendar.to_ical()


def _event(appointment: Appointment) -> Event:
    event = Event()
    event.add("uid", f"{appointment.uid}-clinician")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", appointment.booked_at or appointment.created_at)
    event.add("dtstart", appointment.slot.starts)
    event.add("dtend", appointment.slot.ends)
    event.add("summary", f"{appointment.appointment_type.name}, {appointment.get_mode_display().lower()}")
    event.add("description", f"Reference {appointment.spoken_reference}")
    event.add("class", "PRIVATE")
    event.add("url", settings.SITE_URL + reverse("admin:appointments_appointment_change", args=[appointment.pk]))
    if appointment.mode == Mode.IN_PERSON and appointment.slot.location:
        event.add("location", appointment.slot.location.name)
    return event


def _record(clinician: Clinician, appointments: list[Appointment], now: datetime) -> None:
    """Audit the appointments that have no entry of the last day yet: programs fetch many times a day."""
    today = AuditEntry.objects.filter(by=clinician.user, detail=FEED, at__gte=now - timedelta(days=1))
    known = set(today.values_list("appointment_id", flat=True))
    new = [appointment for appointment in appointments if appointment.pk not in known]
    audit.record(AuditEntry.Action.EXPORTED, *new, by=clinician.user, detail=FEED)
