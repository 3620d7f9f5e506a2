"""Clinicians, slots and appointments for tests. Every argument has a default; each call makes another row."""

import itertools
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Mode
from appointments.models import Appointment, AppointmentType, Clinician, Draft, Location, Slot, WorkingHours

_count = itertools.count(1)
PATIENT = {
    "name": "Kim Example",
    "email": "kim@home.example",
    "telephone": "01632 960 001",
    "booked_by": "patient",
    "time_zone": "Europe/London",
}


def make_type(**fields: Any) -> AppointmentType:
    number = next(_count)
    return AppointmentType.objects.create(**{"name": f"Kind {number}", "slug": f"kind-{number}"} | fields)


def make_clinician(**fields: Any) -> Clinician:
    number = next(_count)
    return Clinician.objects.create(**{"name": f"Dr Example {number}", "slug": f"dr-example-{number}"} | fields)


def make_hours(*, types: list[AppointmentType] | None = None, **fields: Any) -> WorkingHours:
    """Hours on one weekday, 9 to 12 by default."""
    location = Location.objects.get_or_create(name="Main building", defaults={"address": "1 Example Street"})[0]
    defaults = {"weekday": 0, "starts": time(9), "ends": time(12), "in_person": True, "location": location}
    if "clinician" not in fields:
        defaults["clinician"] = make_clinician()
    hours = WorkingHours.objects.create(**defaults | fields)
    hours.types.set([make_type()] if types is None else types)
    return hours


def make_slot(*, hours: WorkingHours | None = None, starts: datetime | None = None, **fields: Any) -> Slot:
    """A free slot of 45 minutes, 7 to 48 days ahead on the hour; each call one hour later."""
    hours = hours or make_hours()
    full_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    starts = starts or full_hour + timedelta(days=7, hours=next(_count) % 1000)
    ends = starts + timedelta(minutes=45)
    defaults = {"video": True, "telephone": True, "in_person": True, "location": hours.location, "busy_until": ends}
    return Slot.objects.create(
        **{"clinician": hours.clinician, "hours": hours, "starts": starts, "ends": ends} | defaults | fields
    )


def make_draft(**fields: Any) -> Draft:
    return Draft.objects.create(**{"digest": f"draft {next(_count)}"} | fields)


def make_appointment(*, slot: Slot | None = None, at: datetime | None = None, **details: Any) -> Appointment:
    """A booked appointment, made through the verbs of the patients' pages."""
    slot = slot or make_slot()
    draft = make_draft()
    booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.first(), mode=Mode.VIDEO, at=at)
    return booking.book(draft=draft, details=PATIENT | details, at=at)
