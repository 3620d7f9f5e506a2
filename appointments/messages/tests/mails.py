"""Everything that a mail can be about, in two variants: in person and confirmed, and by video and not confirmed."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from appointments.choices import Mode, Status
from appointments.models import Appointment, Clinician, Location, Message, Slot
from appointments.scheduling.local_times import reading, readings, zone_of

KINDS = [kind.value for kind in Message.Kind]
VARIANTS = ("in person", "by video")
CLINIC = {
    "name": "Hillside O'Clinic",
    "telephone": "01632 960 000",
    "opening_hours": "Monday to Friday, 9am to 5pm",
    "emergency_number": "999",
}


def context(kind: str, variant: str) -> dict[str, Any]:
    is_here = variant == "in person"
    starts, ends = datetime(2099, 6, 1, 9, tzinfo=UTC), datetime(2099, 6, 1, 9, 45, tzinfo=UTC)
    location = Location(name="Main & building", address="1 Example Street\nSomewhere", access="Ring\nthe bell <twice>")
    slot = Slot(starts=starts, ends=ends, clinician=Clinician(name="Dr O'Neill & Kim"), location=location)
    appointment = Appointment(
        pk=1,
        slot=slot,
        mode=Mode.IN_PERSON if is_here else Mode.VIDEO,
        status=Status.CONFIRMED if is_here else Status.BOOKED,
        reference="ABCD2345",
        name="Kim <Example>",
        time_zone="Europe/London" if is_here else "America/New_York",
    )
    until = reading(datetime(2099, 5, 1, 9, tzinfo=UTC), datetime(2099, 5, 1, 9, tzinfo=UTC), zone_of(appointment))
    return {
        "clinic": SimpleNamespace(**CLINIC),
        "site_url": "https://clinic.example",
        "appointment": appointment,
        "name": appointment.name if is_here else "",
        "clinician": slot.clinician.name,
        "readings": readings(appointment),
        "link": "https://clinic.example/appointment/token/",
        "code": "012345",
        "message": Message(kind=kind, text="Bring <b>water</b> & bread.\nThe lift\nis broken.\n\nYour clinic"),
        "offered": {
            "readings": readings(appointment),
            "clinician": "Dr Ash & Oak",
            "until": until,
            "is_the_last": is_here,
        },
        "has_file": kind in ("confirmation", "change", "cancellation"),
    }
