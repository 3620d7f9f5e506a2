"""Calendar files, read back as a calendar reads them."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from django.utils import timezone

from appointments.booking import booking
from appointments.booking.calendar_file import calendar_file
from appointments.choices import Mode
from appointments.models import Appointment
from appointments.scheduling.local_times import one_line, readings
from appointments.tests.factories import make_appointment, make_hours, make_slot

pytestmark = pytest.mark.django_db


def event_of(appointment: Appointment, method: str = "REQUEST") -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(calendar_file(appointment, method=method)).walk("VEVENT")
    return event


def test_a_file_has_the_time_in_utc_the_clinician_and_the_place():
    starts = datetime(2027, 7, 1, 9, tzinfo=UTC)
    slot = make_slot(starts=starts)
    appointment = make_appointment(slot=slot, at=starts - timedelta(days=9))
    event = event_of(appointment)
    assert event.decoded("dtstart") == starts
    assert event.decoded("dtend") == slot.ends
    assert b"DTSTART:20270701T090000Z" in event.to_ical()
    assert event["summary"] == f"Appointment with {slot.clinician}"
    assert event["location"] == "Video call"
    assert event["uid"] == str(appointment.uid)
    assert str(event["organizer"]).startswith("mailto:")
    assert event["attendee"] == "mailto:kim@home.example"
    assert event["attendee"].params == {"PARTSTAT": "ACCEPTED", "RSVP": "FALSE"}


def test_a_calendar_knows_an_appointment_again_and_which_state_is_newer():
    appointment = make_appointment()
    first = event_of(appointment)
    appointment = booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    second = event_of(appointment)
    third = event_of(booking.cancel(appointment=appointment), "CANCEL")
    assert first["uid"] == second["uid"] == third["uid"]
    assert [event["sequence"] for event in (first, second, third)] == [0, 1, 2]
    assert [event["status"] for event in (first, second, third)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_a_file_to_keep_has_no_attendee():
    calendar = icalendar.Calendar.from_ical(calendar_file(make_appointment()))
    assert calendar["method"] == "PUBLISH"
    assert "attendee" not in calendar.walk("VEVENT")[0]


def test_an_address_with_line_breaks_and_commas_stays_one_property():
    hours = make_hours()
    hours.location.address = "1, Example Street\r\nEND:VEVENT\r\n\u2028BEGIN:VEVENT;\x0bX"
    hours.location.save()
    appointment = make_appointment(slot=make_slot(hours=hours))
    Appointment.objects.filter(pk=appointment.pk).update(mode=Mode.IN_PERSON)
    appointment.refresh_from_db()
    location = str(event_of(appointment)["location"])
    assert location.startswith("Main building, 1, Example Street, END:VEVENT")


def test_one_line_keeps_every_script_and_no_line_break():
    assert one_line("李 O'Neill \u202eעברית 👩‍⚕️") == "李 O'Neill \u202eעברית 👩‍⚕️"
    assert one_line("a\r\nb\vc\x85d\u2028e\u2029f\0g\t") == "a  b c d e f g"


@pytest.mark.parametrize(
    ("starts", "zone", "expected"),
    [
        # Clocks in New York change three weeks before those in London, and so the distance is another one.
        (datetime(2027, 3, 20, 9, tzinfo=UTC), "America/New_York", ["5:00am", "9:00am"]),
        (datetime(2027, 4, 1, 9, tzinfo=UTC), "America/New_York", ["5:00am", "10:00am"]),
        # Clocks in London show half past one twice, and only one of the two is the appointment.
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "", ["1:30am (GMT)"]),
        (datetime(2027, 4, 1, 9, tzinfo=UTC), "Europe/Lisbon", ["10:00am"]),
        # Many people take 12:00am for midday.
        (datetime(2027, 4, 1, 11, tzinfo=UTC), "", ["midday"]),
        (datetime(2027, 4, 1, 15, tzinfo=UTC), "Asia/Tokyo", ["midnight", "4:00pm"]),
        (datetime(2027, 4, 1, 9, tzinfo=UTC), "", ["10:00am"]),
        (datetime(2027, 4, 1, 9, tzinfo=UTC), "../etc/passwd", ["10:00am"]),
    ],
)
def test_times_are_read_as_clocks_show_them(starts, zone, expected):
    appointment = make_appointment(slot=make_slot(starts=starts), at=starts - timedelta(days=5), time_zone=zone)
    assert [each.starts for each in readings(appointment)] == expected
    assert timezone.is_aware(appointment.slot.starts)
