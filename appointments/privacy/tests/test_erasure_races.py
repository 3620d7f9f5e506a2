"""Concurrent actions during an erasure: no data of the patient is left, in either order."""

import threading
from collections.abc import Callable
from functools import partial
from time import sleep

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction

from appointments import message_kinds
from appointments.governance import legal_holds
from appointments.messages import queue
from appointments.models import (
    Appointment,
    CheckIn,
    Consent,
    ErasureRequest,
    LegalHold,
    Message,
    PatientLink,
    Tombstone,
)
from appointments.privacy import erasure, withdrawal
from appointments.recovery import checkins
from appointments.recovery.tests.makers import start_plan
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.errors import UserFacingError
from calcsite.mail import sending
from calcsite.tests import people, racing

ROUNDS = 5
at_once = partial(racing.at_once, refused=(UserFacingError, Appointment.DoesNotExist))


def test_a_message_that_is_sent_meanwhile_leaves_no_row(committed):
    hours = make_hours()
    for _ in range(ROUNDS):
        appointment = make_appointment(slot=make_slot(hours=hours))
        at_once(message_kinds.send_waiting, lambda appointment=appointment: erasure.erase(appointment=appointment))
        erasure.apply_again()
        left = [model.objects.count() for model in (Appointment, Message, PatientLink)]
        assert left == [0, 0, 0]
        connection.check_constraints()


@pytest.mark.django_db
@pytest.mark.parametrize("has_link", [True, False])
def test_a_message_in_the_workers_hands_during_the_erasure_is_not_sent(has_link):
    appointment = make_appointment()
    Message.objects.all().delete()
    kind = Message.Kind.STAFF if has_link else Message.Kind.CANCELLATION
    Message.objects.create(appointment=appointment, kind=kind, text="Bring your images.")

    def compose(message: Message) -> EmailMultiAlternatives | None:
        erasure.erase(appointment=appointment)
        return queue.compose(message, kinds=message_kinds.KINDS)

    assert sending.send_waiting(Message.objects.all(), compose) == 1
    assert (mail.outbox, Message.objects.count()) == ([], 0)


def test_of_an_erasure_and_a_hold_the_first_decides(committed):
    hours, staff = make_hours(), people.make_person()
    for number in range(ROUNDS):
        appointment = make_appointment(slot=make_slot(hours=hours))
        at_once(
            lambda appointment=appointment: erasure.erase(appointment=appointment),
            lambda appointment=appointment: legal_holds.place(appointment=appointment, why="A claim", by=staff),
        )
        is_there = Appointment.objects.filter(pk=appointment.pk).exists()
        assert LegalHold.objects.filter(appointment=appointment).exists() == is_there
        assert Tombstone.objects.count() == number + 1 - Appointment.objects.count()
        connection.check_constraints()


def test_of_an_erasure_and_a_consent_taken_back_neither_is_in_the_way_of_the_other(committed):
    hours = make_hours()
    for _ in range(2 * ROUNDS):
        appointment = make_appointment(slot=make_slot(hours=hours))
        Consent.objects.create(appointment=appointment, kind="booking", version="2026-11")
        at_once(
            lambda appointment=appointment: erasure.erase(appointment=appointment),
            lambda appointment=appointment: withdrawal.withdraw(appointment=appointment, kind="booking"),
        )
        connection.check_constraints()
        assert [model.objects.count() for model in (Appointment, Consent, ErasureRequest)] == [0, 0, 0]


def test_two_concurrent_erasures_leave_one_tombstone(committed):
    appointment = make_appointment()
    outcomes = at_once(*[lambda: erasure.erase(appointment=appointment)] * 2)
    assert sorted(str(outcome) for outcome in outcomes) == ["None", "This appointment has been erased already."]
    assert Tombstone.objects.count() == 1


def while_it_is_written(write: Callable[[], object], then: Callable[[], object]) -> None:
    """Do something else after a row was written, and before the commit."""
    written = threading.Event()

    def slowly() -> None:
        try:
            with transaction.atomic():
                write()
                written.set()
                sleep(0.5)
        finally:
            connection.close()

    writer = threading.Thread(target=slowly)
    writer.start()
    assert written.wait(10)
    then()
    writer.join()


def test_a_check_in_that_is_being_written_goes_with_its_plan(committed):
    plan = start_plan()
    while_it_is_written(
        lambda: checkins.check_in(plan=plan, feeling="same", pain=2),
        lambda: erasure.erase(appointment=plan.appointment),
    )
    assert (Appointment.objects.count(), CheckIn.objects.count()) == (0, 0)
    connection.check_constraints()


def test_the_error_of_a_message_that_failed_goes_with_it(committed):
    """The worker writes it while the erasure begins."""
    appointment = make_appointment()

    def fail() -> None:
        appointment.messages.update(attempts=1, last_error=appointment.name)

    while_it_is_written(fail, lambda: erasure.erase(appointment=appointment))
    assert Message.objects.count() == 0
    connection.check_constraints()
