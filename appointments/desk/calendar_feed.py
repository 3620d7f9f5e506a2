"""A clinician's own calendar in another program: an address with a secret in it, that they make, renew and end.

It names no patient and nothing medical, because programs that show calendars keep them on other machines: only what
kind of appointment, how, where, and the reference. RFC 5545, RFC 7986 (REFRESH-INTERVAL). The secret has 256 bits
(ASVS 5.0, 11.5.1, asks for 128); only its digest is stored.
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

BACK = timedelta(days=30)  # what is longer over, nobody looks up in a calendar
FEED = "Calendar feed"


@transaction.atomic
def renew(*, clinician: Clinician, by: AbstractUser) -> str:
    """Give a clinician a new secret address, and end the one before. Returns the secret, which is stored nowhere."""
    secret = new_token()
    _set_digest(clinician, digest_of(secret), by, "New address of the calendar feed.")
    return secret


@transaction.atomic
def revoke(*, clinician: Clinician, by: AbstractUser) -> None:
    """End a clinician's secret address. From now on it leads nowhere."""
    _set_digest(clinician, "", by, "Calendar feed ended.")


def _set_digest(clinician: Clinician, digest: str, by: AbstractUser, what: str) -> None:
    Clinician.objects.filter(pk=clinician.pk).update(feed_digest=digest, feed_of=F("user"))
    clinician.feed_digest = digest
    LogEntry.objects.create(
        user_id=by.pk,
        content_type=ContentType.objects.get_for_model(Clinician),
        object_id=clinician.pk,
        object_repr=str(clinician)[:200],
        action_flag=CHANGE,
        change_message=what,
    )


def find(secret: str) -> Clinician | None:
    """Whose address holds this secret; None for anything else.

    It ends with the account, with its permission to see appointments, and when the clinician has another account.
    """
    found = Clinician.objects.filter(feed_digest=digest_of(secret), feed_of=F("user")).select_related("user").first()
    return found if found and found.user.has_perm(VIEW) else None


def shown_to(clinician: Clinician, at: datetime | None = None) -> AppointmentQuerySet:
    """What a clinician's calendar holds: what is booked, and what became of it lately."""
    since = (at or timezone.now()) - BACK
    booked = Appointment.objects.booked().filter(slot__clinician=clinician, slot__starts__gte=since)
    booked = booked.exclude(status=Status.CANCELLED).order_by("slot__starts")
    return booked.select_related("slot__location", "appointment_type")


@transaction.atomic
def calendar_of(clinician: Clinician, at: datetime | None = None) -> bytes:
    """A clinician's calendar as an iCalendar file. Each record in it is in the audit log, once a day."""
    now = at or timezone.now()
    appointments = list(shown_to(clinician, now))
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
    """A program asks many times a day: the first time says all."""
    today = AuditEntry.objects.filter(by=clinician.user, detail=FEED, at__gte=now - timedelta(days=1))
    known = set(today.values_list("appointment_id", flat=True))
    new = [appointment for appointment in appointments if appointment.pk not in known]
    audit.record(AuditEntry.Action.EXPORTED, *new, by=clinician.user, detail=FEED)
