"""Demonstration: clinicians who are plainly made up, with hours, so that booking can be tried out on a new site."""

from datetime import date, time

from django.db import transaction
from django.utils import timezone

from appointments.choices import Mode, Weekday
from appointments.models import AppointmentType, Clinician, Location, WorkingHours
from appointments.scheduling.slot_sync import make_slots
from calcsite.models import ClinicDetails

DISCLAIMER = "This is nobody: the name is made up, so that booking can be tried out."
LOCATION = {
    "name": "Demonstration building",
    "address": "1 Example Street\nExampleton",
    "access": "Made up, as the building is: step-free from the street, a lift to every floor, a hearing loop.",
}
KINDS = {
    "second-opinion": {
        "name": "Second opinion",
        "description": "A clinician has read what you sent, and tells you what they make of it. You can ask anything.",
        "minutes": 45,
        "buffer_minutes": 15,
    },
    "follow-up": {
        "name": "Follow-up",
        "description": "Questions that came up after a second opinion.",
        "minutes": 45,
        "notice_hours": 4,
        "bookable_by_patients": False,
    },
}
MORNING, AFTERNOON = (time(9), time(12)), (time(13), time(17))
EVERY_WAY, FROM_AFAR = tuple(Mode), (Mode.VIDEO, Mode.TELEPHONE)
# For each: languages, and on which days they work, when, and how they meet patients.
CLINICIANS = {
    "Dr Demo Ashe (demonstration)": (
        "English",
        [(Weekday.MONDAY, MORNING, EVERY_WAY), (Weekday.WEDNESDAY, AFTERNOON, EVERY_WAY)],
    ),
    "Dr Demo Birch (demonstration)": (
        "English, Welsh",
        [(Weekday.TUESDAY, MORNING, FROM_AFAR), (Weekday.THURSDAY, AFTERNOON, FROM_AFAR)],
    ),
    "Dr Demo Cedar (demonstration)": (
        "English, French",
        [(Weekday.MONDAY, MORNING, FROM_AFAR), (Weekday.FRIDAY, MORNING, EVERY_WAY)],
    ),
}


def load(on: date | None = None) -> list[str]:
    """Make the clinicians of a demonstration that are missing. Returns the names of the new ones.

    Existing rows are not changed, and on a site that is no demonstration nothing is made.
    """
    if not ClinicDetails.current().is_demonstration:
        return []
    new = _make_clinicians(on or timezone.localdate())
    for clinician in new:
        make_slots(clinician=clinician)
    return [clinician.name for clinician in new]


@transaction.atomic
def _make_clinicians(on: date) -> list[Clinician]:
    location, _ = Location.objects.get_or_create(name=LOCATION["name"], defaults=LOCATION)
    appointment_types = [
        AppointmentType.objects.get_or_create(slug=slug, defaults=fields)[0] for slug, fields in KINDS.items()
    ]
    made = []
    for name, (languages, weekly) in CLINICIANS.items():
        details = {"name": name, "languages": languages, "biography": DISCLAIMER, "is_demonstration": True}
        clinician, is_new = Clinician.objects.get_or_create(
            slug=f"dr-demo-{name.split()[2].lower()}", defaults=details
        )
        if is_new:
            made.append(clinician)
            for weekday, (starts, ends), modes in weekly:
                ways = {mode.value: mode in modes for mode in Mode}
                hours = WorkingHours.objects.create(
                    clinician=clinician,
                    weekday=weekday,
                    starts=starts,
                    ends=ends,
                    buffer_minutes=15,
                    location=location if ways["in_person"] else None,
                    valid_from=on,
                    **ways,
                )
                hours.types.set(appointment_types)
    return made
