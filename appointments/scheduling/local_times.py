"""Times of an appointment as a person in one place reads them, and the place where it happens."""

import unicodedata
import zoneinfo
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils.dateformat import format as format_date

from appointments.choices import Mode
from appointments.models import Appointment, Slot
from appointments.scheduling import timezones

# Characters that end a line somewhere: controls such as CR, LF, U+000B and U+0085, and U+2028 and U+2029.
LINE_BREAKING = {"Cc", "Zl", "Zp"}


class Reading(NamedTuple):
    """The time of an appointment as it is read in one place."""

    place: str
    day: str
    starts: str
    ends: str

    def __str__(self) -> str:
        return f"{self.day}, {self.starts} to {self.ends}, {self.place} time"


def one_line(text: str) -> str:
    """`text` on one line, fit for a header and for a calendar file: line breaks become spaces."""
    return "".join(" " if unicodedata.category(letter) in LINE_BREAKING else letter for letter in text).strip()


def zone_of(appointment: Appointment) -> zoneinfo.ZoneInfo:
    """The zone that the patient reads times in; the clinic's when they chose none, or one that is no more."""
    return timezones.named(appointment.time_zone)


def readings(appointment: Appointment, *, slot: Slot | None = None) -> list[Reading]:
    """The time in the patient's zone and, where clocks there show another one, in the clinic's."""
    slot, clinic, own = slot or appointment.slot, zoneinfo.ZoneInfo(settings.TIME_ZONE), zone_of(appointment)
    alike = slot.starts.astimezone(own).utcoffset() == slot.starts.astimezone(clinic).utcoffset()
    return [reading(slot.starts, slot.ends, zone) for zone in ([own] if alike else [own, clinic])]


def reading(starts: datetime, ends: datetime, zone: zoneinfo.ZoneInfo) -> Reading:
    starts = starts.astimezone(zone)
    day = format_date(starts, "l j F Y")
    return Reading(timezones.place(zone.key), day, timezones.clock(starts, zone.key), timezones.clock(ends, zone.key))


def where(appointment: Appointment) -> str:
    """The place on one line: an address, or the mode."""
    location = appointment.slot.location
    if appointment.mode == Mode.IN_PERSON and location:
        return ", ".join([location.name, *filter(None, map(str.strip, location.address.splitlines()))])
    return str(Mode(appointment.mode).label)
