"""Bookings at once: races for a slot or an appointment, with a control, and the limits on holds at once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, limits
from appointments.booking.booking import TimeTakenError
from appointments.choices import LIVE, Mode, Status
from appointments.models import Appointment, Draft, Message, Slot
from appointments.tests.clients import BOOK, answer, book, come_to
from appointments.tests.factories import PATIENT, make_appointment, make_draft, make_hours, make_slot, make_type
from calcsite.errors import UserFacingError
from calcsite.tests import racing

ROUNDS = 5
CLIENTS = 8
MAX_HOLDS, MAX_HOLDS_OF_NETWORK = limits.HELD_AT_ONCE, limits.HELD_AT_ONCE_IN_NETWORK
at_once = partial(racing.at_once, refused=UserFacingError)
in_database = pytest.mark.django_db


def hold(draft: Draft, slot: Slot, **fields: object) -> Appointment:
    return booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO, **fields)


def test_of_many_holds_of_one_slot_one_succeeds_and_the_others_are_refused(committed):
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


def test_of_two_bookings_of_a_run_out_hold_one_succeeds(committed):
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


def make_slots(count: int) -> list[Slot]:
    hours = make_hours(types=[make_type(name="Second opinion")])
    return [make_slot(hours=hours) for _ in range(count)]


def guest(number: int = 1) -> Client:
    """A visitor at an address of one network, on the page of times."""
    client = Client(REMOTE_ADDR=f"203.0.113.{number}")
    come_to(client, "time")
    return client


def chooses(client: Client, slot: Slot) -> int:
    return answer(client, "time", slot=slot.pk).status_code


@in_database
def test_one_address_holds_a_few_times_at_once_and_each_that_ends_makes_room():
    slots = make_slots(MAX_HOLDS + 2)
    guests = [guest() for _ in range(MAX_HOLDS + 1)]
    answers = [chooses(each, slot) for each, slot in zip(guests, slots, strict=False)]
    assert answers == [302] * MAX_HOLDS + [429]
    assert chooses(guests[0], slots[-1]) == 302  # a draft with a hold may choose another slot
    assert chooses(guest(2), slots[MAX_HOLDS]) == 302
    guests[1].post(f"{BOOK}forget/")
    assert chooses(guests[MAX_HOLDS], slots[0]) == 302
    assert chooses(guest(), slots[1]) == 429
    with time_machine.travel(timezone.now() + booking.HOLD + timedelta(seconds=1)):
        assert chooses(guest(), slots[1]) == 302


@in_database
def test_a_refused_patient_reads_the_way_on_and_holds_nothing():
    slots = make_slots(MAX_HOLDS + 1)
    for slot in slots[:MAX_HOLDS]:
        chooses(guest(), slot)
    late = guest()
    page = answer(late, "time", slot=slots[MAX_HOLDS].pk)
    assert "Please call us to book" in page.text
    assert "Your answers are kept" in page.text
    assert Appointment.objects.count() == MAX_HOLDS


@in_database
def test_a_network_holds_more_than_an_address_and_bookings_do_not_count():
    slots = make_slots(MAX_HOLDS_OF_NETWORK + 2)
    assert book(Client(REMOTE_ADDR="203.0.113.1")).status_code == 302
    free = list(Slot.objects.filter(appointments=None))
    answers = [chooses(guest(number // MAX_HOLDS + 1), slot) for number, slot in enumerate(free)]
    assert answers == [302] * MAX_HOLDS_OF_NETWORK + [429]
    assert len(slots) == len(answers) + 1


def test_the_limit_holds_for_requests_at_once(committed):
    slots = make_slots(MAX_HOLDS + 4)
    guests = [guest() for _ in slots]
    steps = [lambda one=one, slot=slot: chooses(one, slot) for one, slot in zip(guests, slots, strict=True)]
    assert sorted(at_once(*steps)) == [302] * MAX_HOLDS + [429] * 4
    assert Appointment.objects.count() == MAX_HOLDS
