"""The waiting list: freed times, offered to one person at a time."""

from datetime import timedelta
from time import sleep

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.booking import booking, waiting_list
from appointments.models import Appointment, Message, Offer, Slot, WaitingEntry
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.mailbox import deliver, token_in
from appointments.tests.waiters import is_offered, offered_to, on, waits
from calcsite.errors import UserFacingError
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@in_database
def test_a_freed_slot_is_offered_to_the_longest_waiting_patient_alone():
    hours = make_hours()
    taken = make_appointment(slot=make_slot(hours=hours, starts=on(5)))
    first, second = waits(hours=hours), waits(hours=hours, days=21)
    assert waiting_list.offer_freed() == 0
    booking.cancel(appointment=taken)
    assert waiting_list.offer_freed() == 1
    assert waiting_list.offer_freed() == 0
    assert (offered_to(first), offered_to(second)) == (taken.slot, None)
    assert Message.objects.filter(kind="offer").count() == 1


@in_database
def test_slots_that_were_free_at_joining_are_not_offered():
    hours = make_hours()
    make_slot(hours=hours, starts=on(5))
    appointment = waits(hours=hours)
    assert waiting_list.offer_freed() == 0
    freed = make_slot(hours=hours, starts=on(6))
    waiting_list.offer_freed()
    assert offered_to(appointment) == freed


@in_database
def test_with_many_earlier_times_there_is_nothing_to_wait_for():
    hours = make_hours()
    for number in range(waiting_list.MAX_EARLIER_TIMES + 1):
        make_slot(hours=hours, starts=on(3) + number * HOUR)
    appointment = make_appointment(slot=make_slot(hours=hours, starts=on(20)))
    with pytest.raises(UserFacingError, match="Many earlier times are free"):
        waiting_list.join(appointment=appointment)
    assert not WaitingEntry.objects.exists()
    assert not Offer.objects.exists()


@in_database
@pytest.mark.parametrize(
    ("days", "fields"),
    [(21, {}), (0, {}), (1, {}), (5, {"video": False}), (5, {"is_covered": False})],
    ids=["later", "past", "too soon", "another way", "withdrawn"],
)
def test_unsuitable_slots_are_not_offered(days, fields):
    hours = make_hours()
    waits(hours=hours)
    make_slot(hours=hours, starts=on(days), **fields)
    assert waiting_list.offer_freed() == 0


@in_database
def test_another_kind_or_clinician_is_not_offered_unless_it_may_be():
    hours = make_hours()
    appointment_type = hours.types.get()
    anyone = waits(hours=hours)
    same = waits(hours=hours, days=21, same_clinician=True)
    make_slot(hours=make_hours(), starts=on(5))
    assert waiting_list.offer_freed() == 0
    elsewhere = make_slot(hours=make_hours(types=[appointment_type]), starts=on(5))
    make_slot(hours=make_hours(types=[appointment_type]), starts=on(6))
    assert waiting_list.offer_freed() == 1
    assert (offered_to(anyone), offered_to(same)) == (elsewhere, None)


@in_database
def test_accepting_an_offer_moves_the_appointment_and_ends_the_entry():
    hours = make_hours()
    appointment = waits(hours=hours)
    slot = make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    deliver()
    moved = waiting_list.accept(offer=waiting_list.open_offers(appointment).get())
    assert (moved.slot, moved.sequence) == (slot, 1)
    assert deliver()[0].subject.startswith("New time: ")
    make_slot(hours=hours, starts=on(4))
    assert waiting_list.offer_freed() == 0


@in_database
def test_the_next_patient_is_asked_after_a_refusal_or_no_answer():
    hours = make_hours()
    first, second, third = (waits(hours=hours, days=days) for days in (20, 21, 22))
    slot, now = make_slot(hours=hours, starts=on(5)), timezone.now()
    waiting_list.offer_freed(now)
    waiting_list.decline(offer=waiting_list.open_offers(first).get(), at=now)
    waiting_list.offer_freed(now)
    assert (offered_to(first), offered_to(second)) == (None, slot)
    late = now + waiting_list.ANSWER_WITHIN
    assert waiting_list.offer_freed(late - timedelta(seconds=1)) == 0
    assert waiting_list.offer_freed(late) == 1
    assert (offered_to(second), offered_to(third)) == (None, slot)


@in_database
def test_an_offer_ends_before_the_notice_of_its_time_does():
    hours = make_hours()
    appointment = waits(hours=hours)
    starts = timezone.now() + DAY + 2 * HOUR
    make_slot(hours=hours, starts=starts)
    waiting_list.offer_freed()
    assert waiting_list.open_offers(appointment).get().expires_at == starts - DAY


@in_database
def test_an_answer_after_the_end_is_told_so_and_moves_nothing():
    hours = make_hours()
    appointment = waits(hours=hours)
    make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(appointment).get()
    for answer in (waiting_list.accept, waiting_list.decline):
        with pytest.raises(UserFacingError, match="This offer is over"):
            answer(offer=offer, at=offer.expires_at)
    waiting_list.decline(offer=offer)
    with pytest.raises(UserFacingError):
        waiting_list.accept(offer=offer)
    appointment.refresh_from_db()
    assert appointment.sequence == 0


@in_database
def test_an_offer_blocks_no_booking_and_the_slower_patient_keeps_their_place():
    hours = make_hours()
    appointment = waits(hours=hours)
    slot = make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(appointment).get()
    make_appointment(slot=slot)
    with pytest.raises(booking.TimeTakenError):
        waiting_list.accept(offer=offer)
    appointment.refresh_from_db()
    assert (appointment.sequence, appointment.waiting.ended_at) == (0, None)
    another = make_slot(hours=hours, starts=on(6))
    waiting_list.offer_freed()
    assert offered_to(appointment) == another


@in_database
@pytest.mark.parametrize("how", [waiting_list.leave, booking.cancel])
def test_leaving_or_cancelling_passes_the_offer_to_the_next(how):
    hours = make_hours()
    first, second = waits(hours=hours), waits(hours=hours, days=21)
    slot = make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    how(appointment=first)
    waiting_list.offer_freed()
    assert offered_to(first) is None
    assert offered_to(second) in {slot, first.slot}


@in_database
def test_joining_again_puts_a_patient_at_the_end_of_the_list():
    hours = make_hours()
    first, second = waits(hours=hours), waits(hours=hours, days=21)
    waiting_list.leave(appointment=first)
    waiting_list.join(appointment=first)
    make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    assert (offered_to(first), offered_to(second) is None) == (None, False)


@in_database
def test_a_cancelled_appointment_waits_for_nothing():
    appointment = booking.cancel(appointment=make_appointment())
    with pytest.raises(UserFacingError, match="cancelled"):
        waiting_list.join(appointment=appointment)


@in_database
def test_an_offer_is_told_with_both_times_and_a_link_and_not_when_it_is_over():
    hours = make_hours()
    appointment = is_offered(hours)
    (message,) = deliver()
    assert message.subject.startswith("An earlier time: ")
    assert token_in(message)
    waiting_list.decline(offer=waiting_list.open_offers(appointment).get())
    make_slot(hours=hours, starts=on(6))
    waiting_list.offer_freed()
    waiting_list.leave(appointment=appointment)
    assert deliver() == []


@in_database
def test_a_round_asks_the_same_number_of_questions_for_many_as_for_one(django_assert_max_num_queries):
    hours = make_hours()
    for number in range(30):
        waits(hours=hours, days=20 + number)
    with django_assert_max_num_queries(5):
        waiting_list.offer_freed()


def test_workers_at_once_offer_a_time_once(committed):
    hours = make_hours()
    for number in range(4):
        waits(hours=hours, days=20 + number)
    make_slot(hours=hours, starts=on(5))
    at_once(*[waiting_list.offer_freed] * 4)
    assert waiting_list.open_offers().count() == 1


@in_database
def test_the_database_refuses_a_second_open_offer_to_one_person():
    hours = make_hours()
    waits(hours=hours)
    make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    other = make_slot(hours=hours, starts=on(6))
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.create(entry=WaitingEntry.objects.get(), slot=other, expires_at=other.starts)


def test_leaving_and_accepting_at_once_run_one_after_the_other(committed):
    hours = make_hours()
    appointment = waits(hours=hours)
    make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(appointment).get()

    def keep_both_waiting() -> None:
        with transaction.atomic():
            WaitingEntry.objects.select_for_update().get()
            sleep(0.6)

    def leave() -> None:
        sleep(0.2)
        waiting_list.leave(appointment=appointment)

    def accept() -> Appointment:
        sleep(0.4)
        return waiting_list.accept(offer=offer)

    *_, answer = at_once(keep_both_waiting, leave, accept, refused=UserFacingError)
    offer.refresh_from_db()
    assert offer.accepted == isinstance(answer, Appointment)
    assert WaitingEntry.objects.get().ended_at


def test_joining_or_offering_does_not_block_the_deletion_of_a_slot(committed):
    hours = make_hours()
    first, second = make_appointment(slot=make_slot(hours=hours, starts=on(20))), waits(hours=hours, days=21)
    slot = make_slot(hours=hours, starts=on(5))

    def delete() -> None:
        with transaction.atomic():
            Slot.objects.select_for_update().get(pk=slot.pk).delete()
            sleep(0.8)  # in which the others see a slot that is about to be gone

    def join() -> WaitingEntry:
        sleep(0.3)
        return waiting_list.join(appointment=first)

    def ask() -> int:
        sleep(0.3)
        return waiting_list.offer_freed()

    _, entry, made = at_once(delete, join, ask)
    assert (entry.appointment, entry.ended_at, made) == (first, None, 0)
    assert not Offer.objects.exists()
    assert offered_to(second) is None


def test_accepting_a_slot_during_its_deletion_keeps_the_old_time(committed):
    hours = make_hours()
    appointment = waits(hours=hours)
    make_slot(hours=hours, starts=on(5))
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(appointment).get()

    def delete() -> None:
        with transaction.atomic():
            slot = Slot.objects.select_for_update().get(pk=offer.slot_id)
            sleep(0.6)
            slot.delete()

    def accept() -> Appointment:
        sleep(0.2)
        return waiting_list.accept(offer=offer)

    _, answer = at_once(delete, accept, refused=UserFacingError)
    assert isinstance(answer, UserFacingError | booking.TimeTakenError)
    assert WaitingEntry.objects.get().ended_at is None
