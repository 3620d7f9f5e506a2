"""The calendar of staff: free, held, booked and closed slots, on the right day."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Mode
from appointments.desk.day_calendar import day_calendar, week_calendar
from appointments.models import Closure
from appointments.scheduling.walltime import bounds
from appointments.tests.factories import make_appointment, make_clinician, make_draft, make_hours, make_slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db

CALENDAR = "/admin/appointments/appointment/calendar/"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BEFORE = NOON - timedelta(days=7)


@pytest.fixture
def coordinator() -> User:
    return people.make_person("Booking coordinator")


@pytest.fixture
def desk(coordinator) -> Client:
    client = Client()
    people.sign_in(client, coordinator)
    return client


def kinds(calendar) -> list[list[str]]:
    return [[entry.kind for entry in column.entries] for column in calendar.columns]


def test_a_day_has_a_column_for_each_clinician_with_free_held_and_booked_slots(coordinator):
    hours, other = make_hours(clinician=make_clinician(name="A")), make_hours(clinician=make_clinician(name="B"))
    slots = [make_slot(hours=hours, starts=NOON + timedelta(hours=number)) for number in range(3)]
    make_slot(hours=other, starts=NOON)
    make_appointment(slot=slots[0], at=BEFORE)
    booking.hold(draft=make_draft(), slot=slots[1], appointment_type=hours.types.get(), mode=Mode.VIDEO, at=BEFORE)
    shown = day_calendar(coordinator, NOON.date(), at=BEFORE)
    assert [column.clinician.name for column in shown.columns] == ["A", "B"]
    assert kinds(shown) == [["booked", "held", "free"], ["free"]]
    later = day_calendar(coordinator, NOON.date(), at=BEFORE + booking.HOLD)
    assert kinds(later) == [["booked", "free", "free"], ["free"]]


def test_past_and_uncovered_slots_are_not_free(coordinator):
    hours = make_hours()
    make_slot(hours=hours, starts=NOON, is_covered=False)
    past = make_slot(hours=hours, starts=NOON + timedelta(hours=1))
    make_appointment(slot=past, at=BEFORE)
    make_slot(hours=hours, starts=NOON + timedelta(hours=2))
    assert kinds(day_calendar(coordinator, NOON.date(), at=NOON + timedelta(hours=8))) == [["booked"]]


def test_a_cancelled_appointment_leaves_its_time_free(coordinator):
    appointment = make_appointment(slot=make_slot(starts=NOON), at=BEFORE)
    booking.cancel(appointment=appointment, at=BEFORE)
    assert kinds(day_calendar(coordinator, NOON.date(), at=BEFORE)) == [["free"]]


def test_a_week_begins_on_monday_and_has_seven_days(coordinator):
    make_slot(starts=NOON + timedelta(days=6))
    make_slot(starts=NOON + timedelta(days=7))
    shown = week_calendar(coordinator, date(2026, 11, 26), at=BEFORE)
    assert (shown.first, shown.last) == (date(2026, 11, 23), date(2026, 11, 29))
    assert kinds(shown) == [[], [], [], [], [], [], ["free"]]


def test_simultaneous_free_slots_of_several_clinicians_are_one_line(coordinator):
    for hours in (make_hours(), make_hours()):
        make_slot(hours=hours, starts=NOON)
        make_slot(hours=hours, starts=NOON + timedelta(hours=1))
    make_appointment(slot=make_slot(starts=NOON), at=BEFORE)
    make_appointment(slot=make_slot(starts=NOON), at=BEFORE)
    lines = week_calendar(coordinator, NOON.date(), at=BEFORE).columns[0].lines
    assert [[entry.kind for entry in line] for line in lines] == [
        ["free", "free"],
        ["booked"],
        ["booked"],
        ["free", "free"],
    ]


def test_closures_are_shown_to_their_clinician_and_to_coordinators(coordinator):
    clinician, ends = make_clinician(), NOON + timedelta(hours=26)
    Closure.objects.create(clinician=clinician, starts=NOON, ends=ends)
    Closure.objects.create(starts=NOON, ends=ends, reason="Works in the building")
    shown = week_calendar(coordinator, NOON.date(), at=BEFORE)
    assert kinds(shown)[:3] == [["closed"], ["closed"], []]
    assert [away.reason for away in shown.closed] == ["Works in the building"]
    assert kinds(day_calendar(coordinator, NOON.date(), of=make_clinician(), at=BEFORE)) == []


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_daylight_saving_makes_it(day, hours):
    starts, ends = bounds(day, 1)
    assert ends.astimezone(UTC) - starts.astimezone(UTC) == timedelta(hours=hours)


def test_a_time_belongs_to_the_day_of_the_clinic_and_not_of_utc(coordinator):
    make_slot(starts=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    assert kinds(day_calendar(coordinator, date(2026, 7, 1), at=datetime(2026, 6, 1, tzinfo=UTC))) == [["free"]]


def test_a_clinician_sees_their_own_time_only():
    clinician = make_clinician(user=people.make_person("Clinician"))
    make_appointment(slot=make_slot(starts=NOON), at=BEFORE)
    make_appointment(slot=make_slot(starts=NOON, hours=make_hours(clinician=clinician)), at=BEFORE)
    shown = day_calendar(clinician.user, NOON.date(), at=BEFORE)
    assert [column.clinician for column in shown.columns] == [clinician]


def test_the_page_leads_to_bookings_and_to_booking_for_a_patient(desk):
    appointment = make_appointment()
    free = make_slot(hours=appointment.slot.hours, starts=appointment.slot.starts + timedelta(hours=1))
    day = timezone.localdate(appointment.slot.starts)
    page = desk.get(CALENDAR, {"day": day, "view": "week"}).content.decode()
    assert f'/admin/appointments/appointment/{appointment.pk}/change/">Kim Example</a>' in page
    assert f"/admin/appointments/appointment/book/{free.pk}/" in page or free.starts.weekday() == 0


def test_the_calendar_turns_by_days_and_weeks_and_keeps_the_clinician(desk):
    clinician = make_clinician()
    make_clinician()
    page = desk.get(CALENDAR, {"day": "2026-11-23", "clinician": clinician.pk}).content.decode()
    assert f'href="?day=2026-11-22&amp;view=day&amp;clinician={clinician.pk}"' in page
    assert f'href="?day=2026-11-24&amp;view=day&amp;clinician={clinician.pk}"' in page
    week = desk.get(CALENDAR, {"day": "2026-11-23", "view": "week"}).content.decode()
    assert 'href="?day=2026-11-16&amp;view=week"' in week
    assert 'href="?day=2026-11-30&amp;view=week"' in week


def test_free_times_are_labelled_and_closing_is_apart_from_turning_the_page(desk):
    slot = make_slot()
    day = timezone.localdate(slot.starts)
    week = desk.get(CALENDAR, {"day": day, "view": "week"}).text
    assert re.search(r">Book<span[^>]*> for a patient with</span>: " + slot.clinician.name, week)
    monday = day - timedelta(days=day.weekday())
    assert f"<title>Calendar, {monday:%-d %B} to " in week
    one = desk.get(CALENDAR, {"day": day}).text
    assert one.index('class="calendar') < one.index("Close this day")


ODD = ["2026-02-31", "0001-01-01", "9999-12-31", "x", "", "2026-11-23T10:00", "١٢"]


@pytest.mark.parametrize("day", ODD)
@pytest.mark.parametrize("view", ["day", "week", "x"])
def test_an_address_that_names_no_day_shows_one_all_the_same(desk, day, view):
    assert desk.get(CALENDAR, {"day": day, "view": view, "clinician": day}).status_code == 200


def test_the_calendar_is_changed_by_nothing(desk):
    assert desk.post(CALENDAR).status_code == 405
