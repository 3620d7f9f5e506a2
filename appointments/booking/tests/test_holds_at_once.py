"""How many times one address and one network hold at the same moment: enough for a hospital, too few to hoard."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, limits
from appointments.models import Appointment, Slot
from appointments.tests.factories import make_hours, make_slot, make_type
from appointments.tests.journeys import BOOK, answer, book, come_to
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
MOST, MOST_OF_NETWORK = limits.HELD_AT_ONCE, limits.HELD_AT_ONCE_IN_NETWORK


def make_slots(count: int) -> list[Slot]:
    hours = make_hours(types=[make_type(name="Second opinion")])
    return [make_slot(hours=hours) for _ in range(count)]


def guest(number: int = 1) -> Client:
    """Somebody at an address of one network, who is about to choose a time."""
    client = Client(REMOTE_ADDR=f"203.0.113.{number}")
    come_to(client, "time")
    return client


def chooses(client: Client, slot: Slot) -> int:
    return answer(client, "time", slot=slot.pk).status_code


@in_database
def test_one_address_holds_a_few_times_at_once_and_each_that_ends_makes_room():
    slots = make_slots(MOST + 2)
    guests = [guest() for _ in range(MOST + 1)]
    answers = [chooses(each, slot) for each, slot in zip(guests, slots, strict=False)]
    assert answers == [302] * MOST + [429]
    assert chooses(guests[0], slots[-1]) == 302  # who holds one may choose another
    assert chooses(guest(2), slots[MOST]) == 302
    guests[1].post(f"{BOOK}forget/")
    assert chooses(guests[MOST], slots[0]) == 302
    assert chooses(guest(), slots[1]) == 429
    with time_machine.travel(timezone.now() + booking.HOLD + timedelta(seconds=1)):
        assert chooses(guest(), slots[1]) == 302


@in_database
def test_who_is_refused_reads_what_to_do_and_holds_nothing():
    slots = make_slots(MOST + 1)
    for slot in slots[:MOST]:
        chooses(guest(), slot)
    late = guest()
    page = answer(late, "time", slot=slots[MOST].pk)
    assert "Please call us to book" in page.text
    assert "Your answers are kept" in page.text
    assert Appointment.objects.count() == MOST


@in_database
def test_a_network_holds_more_than_an_address_and_what_is_booked_does_not_count():
    slots = make_slots(MOST_OF_NETWORK + 2)
    assert book(Client(REMOTE_ADDR="203.0.113.1")).status_code == 302
    free = list(Slot.objects.filter(appointments=None))
    answers = [chooses(guest(number // MOST + 1), slot) for number, slot in enumerate(free)]
    assert answers == [302] * MOST_OF_NETWORK + [429]
    assert len(slots) == len(answers) + 1


def test_the_limit_holds_for_requests_at_once(committed):
    slots = make_slots(MOST + 4)
    guests = [guest() for _ in slots]
    steps = [lambda one=one, slot=slot: chooses(one, slot) for one, slot in zip(guests, slots, strict=True)]
    assert sorted(at_once(*steps)) == [302] * MOST + [429] * 4
    assert Appointment.objects.count() == MOST
