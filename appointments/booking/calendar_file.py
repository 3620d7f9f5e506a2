"""Calendar files of appointments (RFC 5545), and the requests in them (RFC 5546).

Nothing medical is in them: people share calendars with their family and at work.
"""

from datetime import UTC, datetime
from email.utils import parseaddr

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from appointments.choices import Status
from appointments.models import Appointment
from appointments.scheduling.local_times import one_line, where
from calcsite.models import ClinicDetails

PRODUCT = "-//calcsite//appointments//EN"


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
        # The patient has accepted by booking. Buttons to accept and decline would have no effect.
        patient.params |= {"partstat": "ACCEPTED", "rsvp": "FALSE"}
        event.add("attendee", patient)
    return event
