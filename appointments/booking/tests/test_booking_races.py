"""Two at once on one time or one appointment: one consistent outcome, on both databases, and the control without."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from appointments.booking import booking
from appointments.booking.booking import TimeTakenError
from appointments.choices import LIVE, Mode, Status
from appointments.models import Appointment, Draft, Message, Slot
from appointments.tests.factories import PATIENT, make_appointment, make_draft, make_slot
from calcsite.errors import UserFacingError
from calcsite.tests import racing

ROUNDS = 5
CLIENTS = 8
at_once = partial(racing.at_once, refused=UserFacingError)


def hold(draft: Draft, slot: Slot, **fields: object) -> Appointment:
    return booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO, **fields)


def test_of_many_who_want_one_time_one_holds_it_and_the_others_are_told(committed):
    for _ in range(ROUNDS):
        slot, drafts = make_slot(), [make_draft() for _ in range(CLIENTS)]
        outcomes = at_once(*[lambda draft=draft, slot=slot: hold(draft, slot) for draft in drafts])
        assert [type(outcome) for outcome in outcomes].count(TimeTakenError) == CLIENTS - 1
        assert Appointment.objects.filter(slot=slot).count() == 1


@pytest.fixture
def unguarded(committed) -> Iterator[None]:
    """A database without the constraint that decides the race."""
    constraint = next(each for each in Appointment._meta.constraints if each.name == "one_live_appointment_a_slot")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Appointment, constraint)
    yield
    Appointment.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Appointment, constraint)


def test_without_the_constraint_more_than_one_would_have_it(unguarded):
    """The control: a look whether the time is free, and then a claim."""
    slot = make_slot()
    appointment_type = slot.hours.types.get()
    all_have_looked = threading.Barrier(CLIENTS)

    def look_and_claim() -> bool:
        is_free = Slot.objects.free().filter(pk=slot.pk).exists()
        all_have_looked.wait(timeout=30)
        if is_free:
            until = timezone.now() + booking.HOLD
            Appointment.objects.create(slot=slot, appointment_type=appointment_type, mode=Mode.VIDEO, held_until=until)
        return is_free

    at_once(*[look_and_claim] * CLIENTS)
    assert Appointment.objects.filter(slot=slot, status__in=LIVE).count() == CLIENTS


def test_of_two_who_book_a_hold_that_ran_out_one_has_the_time(committed):
    for _ in range(ROUNDS):
        slot, first, second = make_slot(), make_draft(), make_draft()
        now = timezone.now()
        hold(first, slot, at=now)
        later = now + booking.HOLD + timedelta(seconds=1)
        outcomes = at_once(
            lambda first=first, later=later: booking.book(draft=first, details=PATIENT, at=later),
            lambda second=second, slot=slot, later=later: hold(second, slot, at=later),
        )
        assert [isinstance(outcome, TimeTakenError) for outcome in outcomes].count(True) == 1
        assert Appointment.objects.filter(slot=slot).count() == 1


def test_a_double_click_books_once(committed):
    for _ in range(ROUNDS):
        draft = make_draft()
        hold(draft, make_slot())
        outcomes = at_once(*[lambda draft=draft: booking.book(draft=draft, details=PATIENT).reference] * 5)
        assert len(set(outcomes)) == 1
        appointment = Appointment.objects.get(reference=outcomes[0])
        assert Message.objects.filter(appointment=appointment, kind="confirmation").count() == 1


def test_of_a_move_and_a_cancellation_both_in_turn_or_one_is_told(committed):
    for _ in range(ROUNDS):
        appointment = make_appointment()
        old, new = appointment.slot, make_slot(hours=appointment.slot.hours)
        moved, cancelled = at_once(
            lambda appointment=appointment, new=new: booking.reschedule(appointment=appointment, slot=new),
            lambda appointment=appointment: booking.cancel(appointment=appointment),
        )
        assert not isinstance(cancelled, UserFacingError)
        appointment.refresh_from_db()
        assert appointment.status == Status.CANCELLED
        assert set(Slot.objects.free().filter(pk__in=[old.pk, new.pk])) == {old, new}
        assert appointment.sequence == (1 if isinstance(moved, UserFacingError) else 2)


def test_of_two_moves_of_one_appointment_one_wins_and_the_other_is_told(committed):
    for _ in range(ROUNDS):
        appointment = make_appointment()
        slots = [make_slot(hours=appointment.slot.hours) for _ in range(2)]
        outcomes = at_once(
            *[
                lambda appointment=appointment, slot=slot: booking.reschedule(appointment=appointment, slot=slot)
                for slot in slots
            ]
        )
        assert [isinstance(outcome, UserFacingError) for outcome in outcomes].count(True) == 1
        appointment.refresh_from_db()
        assert appointment.sequence == 1
        assert Appointment.objects.filter(slot__in=slots).count() == 1
