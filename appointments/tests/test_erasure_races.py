"""Something else at the same moment as an erasure: nothing of the patient is left, whichever came first."""

from functools import partial

from django.db import connection
from post_office.models import Email

from appointments import agreements, erasure, legal_holds, messaging
from appointments.models import Appointment, Consent, ErasureRequest, LegalHold, Message, Tombstone
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.tests import people, racing

ROUNDS = 5
at_once = partial(racing.at_once, refused=(erasure.ErasureError, Appointment.DoesNotExist))


def test_a_message_that_is_composed_meanwhile_leaves_no_e_mail(committed):
    hours = make_hours()
    for _ in range(ROUNDS):
        appointment = make_appointment(slot=make_slot(hours=hours))
        at_once(messaging.compose_due, lambda appointment=appointment: erasure.erase(appointment=appointment))
        erasure.apply_again()
        left = [model.objects.count() for model in (Appointment, Message, Email)]
        assert left == [0, 0, 0]


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
            lambda appointment=appointment: agreements.withdraw(appointment=appointment, kind="booking"),
        )
        connection.check_constraints()
        assert [model.objects.count() for model in (Appointment, Consent, ErasureRequest)] == [0, 0, 0]


def test_two_who_erase_at_once_leave_one_tombstone(committed):
    appointment = make_appointment()
    outcomes = at_once(*[lambda: erasure.erase(appointment=appointment)] * 2)
    assert sorted(str(outcome) for outcome in outcomes) == ["None", "This appointment has been erased already."]
    assert Tombstone.objects.count() == 1
