"""From working hours and closures to slots, and from slots to the times that patients choose from."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from appointments.booking import booking
from appointments.choices import Mode
from appointments.models import Appointment, Clinician, Closure, Slot, WorkingHours
from appointments.scheduling import availability, slot_sync
from appointments.tests.factories import (
    PATIENT,
    make_appointment,
    make_clinician,
    make_draft,
    make_hours,
    make_slot,
    make_type,
)
from calcsite.errors import UserFacingError

pytestmark = pytest.mark.django_db

SUNDAY = datetime(2027, 1, 3, 12, tzinfo=UTC)
MONDAY = date(2027, 1, 4)
ONE_WEEK = {"until": date(2027, 1, 10), "at": SUNDAY}


def nine(minutes: int = 0) -> datetime:
    """So many minutes after nine o'clock on the Monday; in January London's clock shows UTC."""
    return datetime(2027, 1, 4, 9, tzinfo=UTC) + timedelta(minutes=minutes)


def make_monday(**fields) -> WorkingHours:
    """Hours on Mondays from 9 to 12, in slots of 45 minutes."""
    return make_hours(**{"valid_from": date(2027, 1, 1)} | fields)


def starts(clinician: Clinician) -> list[datetime]:
    return list(Slot.objects.filter(clinician=clinician).order_by("starts").values_list("starts", flat=True))


def book(slot: Slot) -> Appointment:
    return make_appointment(slot=slot, at=SUNDAY - timedelta(days=1))


def state(clinician: Clinician) -> list[tuple]:
    return list(Slot.objects.filter(clinician=clinician).order_by("starts").values_list())


def test_hours_become_slots_with_the_terms_of_the_hours():
    hours = make_monday(video=False)
    assert slot_sync.make_slots(**ONE_WEEK) == 4
    slot = Slot.objects.order_by("starts").first()
    assert (slot.starts, slot.ends, slot.busy_until) == (nine(), nine(45), nine(45))
    assert (slot.hours, slot.location, slot.modes) == (hours, hours.location, [Mode.TELEPHONE, Mode.IN_PERSON])
    assert starts(hours.clinician) == [nine(), nine(45), nine(90), nine(135)]


def test_slots_are_made_in_the_clinicians_own_zone():
    hours = make_monday(clinician=make_clinician(time_zone="America/New_York"))
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician)[0] == datetime(2027, 1, 4, 14, tzinfo=UTC)


def test_making_slots_again_changes_nothing():
    hours = make_monday(buffer_minutes=10)
    slot_sync.make_slots(**ONE_WEEK)
    before = state(hours.clinician)
    assert slot_sync.make_slots(**ONE_WEEK) == 0
    assert state(hours.clinician) == before


def test_a_second_round_takes_few_queries(django_assert_max_num_queries):
    make_monday()
    slot_sync.make_slots(at=SUNDAY)
    with django_assert_max_num_queries(10):
        slot_sync.make_slots(at=SUNDAY)


def test_hours_count_only_while_they_are_valid():
    hours = make_monday(valid_from=date(2027, 1, 11), valid_until=date(2027, 1, 18))
    slot_sync.make_slots(until=date(2027, 2, 28), at=SUNDAY)
    assert {moment.date() for moment in starts(hours.clinician)} == {date(2027, 1, 11), date(2027, 1, 18)}


def test_slots_reach_as_far_as_patients_can_book_and_a_week_more():
    clinician = make_clinician()
    appointment_types = [make_type(horizon_days=days) for days in (10, 100)]
    for weekday in range(7):
        make_monday(clinician=clinician, weekday=weekday, types=appointment_types)
    slot_sync.make_slots(at=SUNDAY)
    assert starts(clinician)[-1].date() == SUNDAY.date() + timedelta(days=107)


def test_slots_reach_eight_weeks_when_no_type_reaches_as_far():
    make_type(horizon_days=3)
    assert slot_sync.days_ahead() == 56


def test_slots_that_have_begun_are_left_alone():
    hours = make_monday()
    assert slot_sync.make_slots(until=MONDAY, at=nine(50)) == 2
    assert starts(hours.clinician) == [nine(90), nine(135)]


def test_free_slots_that_hours_no_longer_cover_are_deleted():
    hours = make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    WorkingHours.objects.update(starts=time(9, 45))
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(45), nine(90), nine(135)]


def test_slots_beyond_the_day_asked_for_follow_their_hours_too():
    hours = make_monday()
    slot_sync.make_slots(until=date(2027, 3, 1), at=SUNDAY)
    hours.delete()
    slot_sync.make_slots(**ONE_WEEK)
    assert not Slot.objects.exists()


def test_an_uncovered_appointment_is_orphaned_and_can_be_covered_again():
    hours = make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    appointment = book(Slot.objects.get(starts=nine(45)))
    WorkingHours.objects.update(weekday=3)
    slot_sync.make_slots(**ONE_WEEK)
    assert list(Appointment.objects.orphaned()) == [appointment]
    WorkingHours.objects.update(weekday=0)
    slot_sync.make_slots(**ONE_WEEK)
    assert not Appointment.objects.orphaned().exists()
    assert starts(hours.clinician) == [nine(), nine(45), nine(90), nine(135)]


def test_an_appointment_survives_that_its_hours_are_deleted():
    hours = make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    appointment = book(Slot.objects.get(starts=nine()))
    hours.delete()
    slot_sync.make_slots(**ONE_WEEK)
    assert list(Slot.objects.values_list("pk", "is_covered")) == [(appointment.slot_id, False)]


def test_a_held_slot_stays_and_is_not_booked_once_the_hours_have_gone():
    make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    slot, draft = Slot.objects.get(starts=nine()), make_draft()
    at = SUNDAY - timedelta(days=1)
    booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO, at=at)
    WorkingHours.objects.update(starts=time(10))
    slot_sync.make_slots(**ONE_WEEK)
    with pytest.raises(booking.WithdrawnError, match="no longer offered"):
        booking.book(draft=draft, details=PATIENT, at=at)
    assert Slot.objects.filter(pk=slot.pk, is_covered=False).exists()


def test_new_slots_are_made_around_an_appointment_in_slots_of_another_length():
    hours = make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    appointment = book(Slot.objects.get(starts=nine(45)))
    WorkingHours.objects.update(slot_minutes=30)
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(), nine(45), nine(90), nine(120), nine(150)]
    appointment.slot.refresh_from_db()
    assert (appointment.slot.is_covered, appointment.slot.ends) == (True, nine(90))


def test_a_changed_location_applies_to_free_slots_and_not_to_appointments():
    hours = make_monday()
    slot_sync.make_slots(**ONE_WEEK)
    appointment = book(Slot.objects.get(starts=nine()))
    WorkingHours.objects.update(location=None, in_person=False)
    slot_sync.make_slots(**ONE_WEEK)
    told, *others = Slot.objects.order_by("starts")
    assert (told, told.location, told.in_person) == (appointment.slot, hours.location, True)
    assert {(slot.location, slot.in_person) for slot in others} == {(None, False)}


def test_hours_that_overlap_make_no_slots_that_do():
    hours = make_monday()
    make_monday(clinician=hours.clinician, starts=time(9, 30), ends=time(11), slot_minutes=60)
    assert slot_sync.make_slots(**ONE_WEEK) == 4
    assert starts(hours.clinician) == [nine(), nine(45), nine(90), nine(135)]


def test_as_many_minutes_are_kept_free_as_the_hours_or_any_of_their_kinds_ask_for():
    appointment_types = [make_type(buffer_minutes=15), make_type(buffer_minutes=5)]
    hours = make_monday(types=appointment_types, buffer_minutes=10)
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(), nine(60), nine(120)]
    WorkingHours.objects.update(buffer_minutes=30)
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(), nine(75)]


def test_a_pause_that_reaches_into_the_next_hours_is_kept():
    hours = make_monday(ends=time(10), slot_minutes=50, buffer_minutes=20)
    make_monday(clinician=hours.clinician, starts=time(10), ends=time(11), slot_minutes=30)
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(), nine(90)]


@pytest.mark.parametrize("mine", [True, False], ids=["of the clinician", "of everybody"])
def test_a_closure_takes_away_the_slots_that_it_touches(mine):
    hours = make_monday()
    closure = Closure.objects.create(clinician=hours.clinician if mine else None, starts=nine(60), ends=nine(100))
    Closure.objects.create(clinician=make_clinician(), starts=nine(), ends=nine(45))
    slot_sync.make_slots(**ONE_WEEK)
    assert starts(hours.clinician) == [nine(), nine(135)]
    closure.delete()
    assert slot_sync.make_slots(**ONE_WEEK) == 2


def test_the_days_that_come_into_reach_are_made_twice_a_day():
    make_monday()
    assert slot_sync.make_slots_ahead(SUNDAY) > 0
    Slot.objects.all().delete()
    assert slot_sync.make_slots_ahead(SUNDAY + timedelta(hours=11)) == 0
    assert slot_sync.make_slots_ahead(SUNDAY + timedelta(hours=13)) > 0


def free(hours: WorkingHours, clinician: Clinician | None = None, **options) -> list[tuple]:
    options = {"first": MONDAY, "days": 7, "at": SUNDAY} | options
    days = availability.free_days(hours.types.get(), options.pop("mode", Mode.VIDEO), clinician, **options)
    return [(day.date, [slot.starts for slot in day.slots]) for day in days]


@pytest.fixture
def monday() -> WorkingHours:
    """Hours on two Mondays whose slots are made; their kind can be booked at any notice."""
    hours = make_monday(types=[make_type(notice_hours=0)])
    slot_sync.make_slots(until=date(2027, 1, 11), at=SUNDAY)
    return hours


FOUR = [nine(), nine(45), nine(90), nine(135)]


@pytest.mark.parametrize("named", [True, False])
def test_free_times_are_listed_by_day(monday, named):
    clinician = monday.clinician if named else None
    assert free(monday, clinician) == [(MONDAY, FOUR)]
    next_week = [moment + timedelta(days=7) for moment in FOUR]
    assert free(monday, clinician, days=8) == [(MONDAY, FOUR), (date(2027, 1, 11), next_week)]


@pytest.mark.parametrize("named", [True, False])
def test_taken_slots_and_those_of_another_type_or_mode_are_not_offered(monday, named):
    clinician = monday.clinician if named else None
    book(Slot.objects.get(starts=nine(45)))
    assert free(monday, clinician) == [(MONDAY, [nine(), nine(90), nine(135)])]
    Slot.objects.filter(starts=nine()).update(video=False)
    assert free(monday, clinician) == [(MONDAY, [nine(90), nine(135)])]
    Slot.objects.filter(starts=nine(90)).update(is_covered=False)
    assert free(monday, clinician) == [(MONDAY, [nine(135)])]
    assert availability.free_days(make_type(), Mode.VIDEO, clinician, first=MONDAY, at=SUNDAY) == []
    Clinician.objects.update(is_accepting=False)
    assert free(monday, clinician) == []


def test_notice_and_horizon_are_those_that_booking_asks_for(monday):
    appointment_type = monday.types.get()
    appointment_type.notice_hours, appointment_type.horizon_days = 22, 1
    appointment_type.save()
    assert nine(60) == SUNDAY + timedelta(hours=22)
    (day,) = availability.free_days(appointment_type, Mode.VIDEO, first=MONDAY, days=8, at=SUNDAY)
    assert [slot.starts for slot in day.slots] == FOUR[2:]
    for slot in Slot.objects.all():
        is_listed = slot.starts in FOUR[2:]
        try:
            booking.check_bookable(slot, appointment_type, Mode.VIDEO, SUNDAY)
        except UserFacingError:
            assert not is_listed
        else:
            assert is_listed


def test_days_are_those_of_the_zone_in_which_they_are_read(monday):
    sunday = date(2027, 1, 3)
    assert free(monday, first=sunday, zone="Pacific/Marquesas") == [(sunday, FOUR[:1]), (MONDAY, FOUR[1:])]
    assert free(monday, first=MONDAY, zone="Asia/Tokyo") == [(MONDAY, FOUR)]


def test_a_time_that_several_have_free_is_one_line(monday):
    other = make_monday(types=[monday.types.get()], ends=time(10, 30))
    slot_sync.make_slots(**ONE_WEEK)
    assert free(monday) == [(MONDAY, FOUR)]
    book(Slot.objects.get(clinician=other.clinician, starts=nine()))
    book(Slot.objects.get(clinician=monday.clinician, starts=nine(45)))
    names = {slot.starts: slot.clinician for day in days_of(monday, at=SUNDAY) for slot in day.slots}
    assert (names[nine()], names[nine(45)]) == (monday.clinician, other.clinician)


def days_of(hours: WorkingHours, **options) -> list[availability.Day]:
    return availability.free_days(hours.types.get(), Mode.VIDEO, first=MONDAY, days=7, **options)


def test_the_first_of_several_clinicians_changes_daily(monday):
    for _ in range(2):
        make_monday(types=[monday.types.get()])
    slot_sync.make_slots(**ONE_WEEK)
    asked = [SUNDAY - timedelta(days=days) for days in range(Clinician.objects.count())]
    first = {days_of(monday, at=at)[0].slots[0].clinician for at in asked}
    assert first == set(Clinician.objects.all())


def test_a_list_that_is_too_long_ends_with_a_whole_day(monday):
    monday.types.update(minutes=5)
    make_monday(types=[monday.types.get()], weekday=1, slot_minutes=5, starts=time(0), ends=time(23, 55))
    hours = make_monday(types=[monday.types.get()], weekday=2, slot_minutes=5, starts=time(0), ends=time(23, 55))
    slot_sync.make_slots(**ONE_WEEK)
    assert [(day, len(times)) for day, times in free(hours)] == [(MONDAY, 4), (date(2027, 1, 5), 287)]


def test_the_first_available_time_is_the_first_of_the_list(monday):
    make_monday(types=[monday.types.get()])
    slot_sync.make_slots(**ONE_WEEK)
    appointment_type = monday.types.get()
    assert (
        availability.first_available(appointment_type, Mode.VIDEO, at=SUNDAY) == days_of(monday, at=SUNDAY)[0].slots[0]
    )
    mine = availability.first_available(appointment_type, Mode.VIDEO, monday.clinician, at=SUNDAY)
    assert (mine.clinician, mine.starts) == (monday.clinician, nine())
    assert availability.first_available(make_type(), Mode.VIDEO, at=SUNDAY) is None


def test_an_empty_list_leads_to_the_next_free_day(monday):
    ask = {"appointment_type": monday.types.get(), "mode": Mode.VIDEO, "at": SUNDAY}
    assert availability.next_free_day(**ask) == MONDAY
    assert availability.next_free_day(**ask, first=date(2027, 1, 5)) == date(2027, 1, 11)
    assert availability.next_free_day(**ask, first=date(2027, 1, 5), clinician=make_clinician()) is None
    assert availability.next_free_day(**ask, first=date(2027, 1, 12)) is None


@pytest.mark.parametrize("clinicians", [1, 30])
@pytest.mark.parametrize("named", [True, False])
def test_free_times_take_one_query_however_many_clinicians_there_are(
    clinicians, named, django_assert_num_queries, monday
):
    for _ in range(clinicians - 1):
        make_monday(types=[monday.types.get()])
    slot_sync.make_slots(**ONE_WEEK)
    appointment_type, clinician = monday.types.get(), monday.clinician if named else None
    with django_assert_num_queries(1):
        days = availability.free_days(appointment_type, Mode.VIDEO, clinician, first=MONDAY, at=SUNDAY)
        assert [str(slot.clinician) + str(slot.location) for day in days for slot in day.slots]


@pytest.mark.parametrize(
    ("begins", "lasts", "is_refused"),
    [
        (0, 85, True),
        (30, 10, True),
        (60, 60, True),
        (-60, 61, True),
        (-60, 300, True),
        (-60, 60, False),
        (90, 30, False),
    ],
)
def test_the_database_refuses_a_slot_that_overlaps_another(begins, lasts, is_refused):
    """With the minutes that are kept free afterwards, and other hours on the same day."""
    hours = make_monday()
    for start in (-300, 0, 200):
        make_slot(hours=hours, starts=nine(start), ends=nine(start + 60), busy_until=nine(start + 90))
    ends = nine(begins + lasts)
    with pytest.raises(IntegrityError) if is_refused else nullcontext(), transaction.atomic():
        make_slot(hours=hours, starts=nine(begins), ends=ends, busy_until=ends)
    Slot.objects.filter(starts=nine(begins), busy_until=ends).delete()
    with pytest.raises(IntegrityError) if is_refused else nullcontext(), transaction.atomic():
        Slot.objects.filter(starts=nine(-300)).update(starts=nine(begins), ends=ends, busy_until=ends)
