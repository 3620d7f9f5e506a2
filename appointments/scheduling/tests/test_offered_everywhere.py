"""The rule of an offer: free times, `hold`, `book`, `extend` and `reschedule` agree after any change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from appointments.booking import booking, closures, steps
from appointments.choices import Mode
from appointments.models import Appointment, AppointmentType, Clinician, Closure, Draft, Slot, WorkingHours
from appointments.scheduling import availability, slot_sync
from appointments.tests.factories import PATIENT, make_appointment, make_draft, make_hours, make_slot, make_type
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class UndoneError(Exception):
    """Rolls back a step that succeeded."""


@dataclass
class World:
    """A slot about nine days ahead that a draft holds, and an appointment on another slot of the same type."""

    now: datetime
    slot: Slot
    draft: Draft
    appointment: Appointment
    staff: User

    @property
    def appointment_type(self) -> AppointmentType:
        return AppointmentType.objects.get(pk=self.draft.appointment_type_id)


def make_world(now: datetime) -> World:
    day = (timezone.localtime(now) + 9 * DAY).date()
    fields = {"weekday": day.weekday(), "starts": time(9), "ends": time(12), "slot_minutes": 45}
    hours = make_hours(types=[make_type()], valid_from=day, **fields)
    slot_sync.make_slots(clinician=hours.clinician, at=now)
    slot = Slot.objects.filter(hours=hours).earliest("starts")
    elsewhere = make_slot(hours=make_hours(types=[hours.types.get()]), starts=now + 20 * DAY)
    appointment = make_appointment(slot=elsewhere, at=now)
    answers = {steps.HOW: {"mode": "video", "clinician": ""}}
    draft = make_draft(appointment_type=hours.types.get(), answers=answers)
    booking.hold(draft=draft, slot=slot, appointment_type=hours.types.get(), mode=Mode.VIDEO, at=now)
    draft.refresh_from_db()
    return World(now, slot, draft, appointment, people.make_person("Booking coordinator"))


def change_type(**fields: object) -> Callable[[World], None]:
    return lambda world: AppointmentType.objects.filter(pk=world.draft.appointment_type_id).update(**fields)


def change_slot(**fields: object) -> Callable[[World], None]:
    return lambda world: Slot.objects.filter(pk=world.slot.pk).update(**fields)


def shorten_slot(minutes: int) -> Callable[[World], None]:
    return lambda world: change_slot(ends=world.slot.starts + timedelta(minutes=minutes))(world)


def change_clinician(*, is_accepting: bool) -> Callable[[World], None]:
    found = Clinician.objects
    return lambda world: found.filter(pk=world.slot.clinician_id).update(is_accepting=is_accepting)


def offer_types(*, is_offered: bool) -> Callable[[World], None]:
    return lambda world: world.slot.hours.types.set([world.appointment_type] if is_offered else [make_type()])


def change_hours(**fields: object) -> Callable[[World], None]:
    def change(world: World) -> None:
        WorkingHours.objects.filter(pk=world.slot.hours_id).update(**fields)
        slot_sync.make_slots(clinician=world.slot.clinician, at=world.now)

    return change


def close(after: timedelta) -> Callable[[World], None]:
    def change(world: World) -> None:
        begins = world.slot.starts + after
        closure = Closure(clinician=world.slot.clinician, starts=begins, ends=begins + HOUR)
        closures.close(closure=closure, at=world.now)

    return change


CHANGES = [
    *(change_type(minutes=minutes) for minutes in (30, 45, 46, 60)),
    *(change_type(notice_hours=hours) for hours in (0, 24, 24 * 8, 24 * 12)),
    *(change_type(horizon_days=days) for days in (1, 8, 10, 60)),
    *(change_type(video=is_on) for is_on in (True, False)),
    *(change_type(bookable_by_patients=is_on) for is_on in (True, False)),
    *(change_slot(video=is_on) for is_on in (True, False)),
    *(shorten_slot(minutes) for minutes in (20, 44, 45)),
    *(change_clinician(is_accepting=is_on) for is_on in (True, False)),
    *(offer_types(is_offered=is_on) for is_on in (True, False)),
    *(change_hours(starts=time(hour)) for hour in (8, 9, 10)),
    *(change_hours(slot_minutes=minutes) for minutes in (30, 60)),
    *(change_hours(video=is_on) for is_on in (True, False)),
    *(close(after) for after in (-2 * HOUR, -HOUR / 2, HOUR / 2, 2 * HOUR)),
]


def succeeds(verb: Callable[..., object], **arguments: object) -> bool:
    """Whether a verb is not refused. Its effect is rolled back."""
    try:
        with transaction.atomic():
            verb(**arguments)
            raise UndoneError
    except UndoneError:
        return True
    except UserFacingError:
        return False


def is_listed(world: World) -> bool:
    days = availability.free_days(world.appointment_type, Mode.VIDEO, days=90, at=world.now)
    return world.slot.pk in {slot.pk for day in days for slot in day.slots}


def is_listed_for_staff(world: World) -> bool:
    appointment = Appointment.objects.get(pk=world.appointment.pk)
    first = timezone.localdate(world.now)
    found = availability.free_for(appointment, world.staff, first=first, anybody=True, at=world.now)
    return found.filter(pk=world.slot.pk).exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@example(changes=[change_type(minutes=60)])  # longer than the slot of 45 minutes that is held
@given(changes=st.lists(st.sampled_from(CHANGES), max_size=3))
def test_lists_and_verbs_agree_on_the_offered_slots(changes):
    with transaction.atomic():
        world = make_world(timezone.now())
        for change in changes:
            change(world)
        at, draft = world.now, Draft.objects.select_related("appointment__slot").get(pk=world.draft.pk)
        booked = succeeds(booking.book, draft=draft, details=PATIENT, at=at)
        extended = succeeds(booking.extend, draft=draft, at=at)
        booking.release(draft=draft)
        way = {"slot": world.slot, "appointment_type": world.appointment_type, "mode": Mode.VIDEO, "at": at}
        held = succeeds(booking.hold, draft=make_draft(), **way)
        for_new = is_listed(world) and steps.slot_criteria(Draft.objects.get(pk=draft.pk)) is not None
        assert {booked, extended, held} == {for_new}
        move = {"appointment": Appointment.objects.get(pk=world.appointment.pk), "slot": world.slot, "at": at}
        assert succeeds(booking.reschedule, **move) == is_listed(world)
        by_staff = succeeds(booking.book_for_patient, **way, details=PATIENT, by=world.staff)
        assert {by_staff, succeeds(booking.reschedule, **move, by=world.staff)} == {is_listed_for_staff(world)}
        transaction.set_rollback(True)


def test_a_type_that_grew_longer_than_the_held_slot_is_not_booked():
    world = make_world(timezone.now())
    change_type(minutes=60)(world)
    with pytest.raises(booking.WithdrawnError):
        booking.book(draft=world.draft, details=PATIENT)
    assert not Appointment.objects.filter(slot=world.slot).exists()


def test_the_notice_counts_from_the_choice_and_not_from_the_booking():
    world, notice = make_world(timezone.now()), timedelta(hours=24)
    booking.release(draft=world.draft)
    chosen_at = world.slot.starts - notice - timedelta(minutes=5)
    way = {"appointment_type": world.appointment_type, "mode": Mode.VIDEO}
    held = booking.hold(draft=world.draft, slot=world.slot, **way, at=chosen_at)
    later = chosen_at + timedelta(minutes=10)
    draft = Draft.objects.get(pk=world.draft.pk)
    assert booking.extend(draft=draft, at=later) == held
    with pytest.raises(booking.TimeTakenError, match="too soon"):
        booking.check_bookable(world.slot, world.appointment_type, Mode.VIDEO, later)
    assert booking.book(draft=draft, details=PATIENT, at=later) == held
