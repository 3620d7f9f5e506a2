"""Calendar files of appointments (RFC 5545; RFC 5546 for what one asks of a calendar), and times as people read them.

Nothing medical is in them: people share calendars with their family and at work.
"""

import unicodedata
import zoneinfo
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import NamedTuple

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date

from appointments.choices import Mode, Status
from appointments.models import Appointment, Slot
from appointments.scheduling import timezones
from calcsite.models import ClinicDetails

PRODUCT = "-//calcsite//appointments//EN"
# Characters that end a line somewhere: controls such as CR, LF, U+000B and U+0085, and U+2028 and U+2029.
LINE_BREAKING = {"Cc", "Zl", "Zp"}


class Reading(NamedTuple):
    """The time of an appointment as somebody in one place reads it."""

    place: str
    day: str
    starts: str
    ends: str

    def __str__(self) -> str:
        return f"{self.day}, {self.starts} to {self.ends}, {self.place} time"


def one_line(text: str) -> str:
    """`text` on one line, fit for a header and for a calendar file: what would break it is a space."""
    return "".join(" " if unicodedata.category(letter) in LINE_BREAKING else letter for letter in text).strip()


def zone_of(appointment: Appointment) -> zoneinfo.ZoneInfo:
    """The zone that the patient reads times in; the clinic's when they chose none, or one that is no more."""
    return timezones.named(appointment.time_zone)


def readings(appointment: Appointment, *, slot: Slot | None = None) -> list[Reading]:
    """When it is: in the patient's zone and, where clocks there show another time, in the clinic's."""
    slot, clinic, own = slot or appointment.slot, zoneinfo.ZoneInfo(settings.TIME_ZONE), zone_of(appointment)
    alike = slot.starts.astimezone(own).utcoffset() == slot.starts.astimezone(clinic).utcoffset()
    return [reading(slot.starts, slot.ends, zone) for zone in ([own] if alike else [own, clinic])]


def reading(starts: datetime, ends: datetime, zone: zoneinfo.ZoneInfo) -> Reading:
    starts = starts.astimezone(zone)
    day = format_date(starts, "l j F Y")
    return Reading(timezones.place(zone.key), day, timezones.clock(starts, zone.key), timezones.clock(ends, zone.key))


def calendar_file(appointment: Appointment, *, method: str = "PUBLISH", at: datetime | None = None) -> bytes:
    """The file for one appointment as it is now. `method` is PUBLISH to keep it, REQUEST to add or move it, or CANCEL.

    The UID stays the same and SEQUENCE rises with every change, so that a calendar knows it again (RFC 5546, 2.1.4 and
    2.1.5). Times are in UTC, which needs no rules of zones in the file.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(_event(appointment, method, at or timezone.now()))
    return calendar.to_ical()


def _event(appointment: Appointment, method: str, at: datetime) -> icalendar.Event:
    slot, clinic = appointment.slot, ClinicDetails.current()
    event = icalendar.Event()
    event.add("uid", str(appointment.uid))
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", slot.starts.astimezone(UTC))
    event.add("dtend", slot.ends.astimezone(UTC))
    event.add("status", "CANCELLED" if appointment.status == Status.CANCELLED else "CONFIRMED")
    event.add("summary", one_line(f"Appointment with {slot.clinician.name}"))
    event.add("location", one_line(where(appointment)))
    event.add("description", f"Reference {appointment.spoken_reference}. {one_line(clinic.name)}, {clinic.telephone}.")
    event.add("url", settings.SITE_URL + reverse("patient:home"))
    organiser = icalendar.vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organiser.params["cn"] = one_line(clinic.name).replace('"', "'")
    event.add("organizer", organiser)
    if method != "PUBLISH":  # it has no attendees (RFC 5546, 3.2.1)
        patient = icalendar.vCalAddress(f"mailto:{appointment.email}")
        # They have said yes by booking. Buttons to accept and decline would promise what they do not do.
        patient.params |= {"partstat": "ACCEPTED", "rsvp": "FALSE"}
        event.add("attendee", patient)
    return event


def where(appointment: Appointment) -> str:
    """Where it is, on one line: an address, or by which way."""
    location = appointment.slot.location
    if appointment.mode == Mode.IN_PERSON and location:
        return ", ".join([location.name, *filter(None, map(str.strip, location.address.splitlines()))])
    return str(Mode(appointment.mode).label)
