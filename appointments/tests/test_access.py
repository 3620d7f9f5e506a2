"""Ways back in: links and codes."""

import math
from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import access, booking
from appointments.access import AccessError
from appointments.models import Appointment, AuditEntry, Code, Message, PatientLink
from appointments.tests.factories import make_appointment
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@in_database
def test_a_link_opens_its_appointment_again_and_again_and_that_is_on_record():
    appointment = make_appointment()
    token = access.make_link(appointment)
    for _ in range(2):
        assert access.enter(token).appointment == appointment
    assert AuditEntry.objects.filter(appointment=appointment, action="entered").count() == 2


@in_database
def test_tokens_are_long_random_and_stored_as_digests():
    appointment = make_appointment()
    tokens = {access.make_link(appointment) for _ in range(200)}
    assert {len(token) for token in tokens} == {access.TOKEN_LENGTH}
    assert len({token[:8] for token in tokens}) == 200
    assert access.TOKEN_LENGTH * math.log2(64) >= 128
    assert tokens.isdisjoint(PatientLink.objects.values_list("digest", flat=True))


@in_database
@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\0" * 43, "é" * 43, "x" * 5000])
def test_what_is_no_token_opens_nothing(token):
    access.make_link(make_appointment())
    assert access.find_link(token) is None
    with pytest.raises(AccessError):
        access.enter(token)


@in_database
def test_a_link_ends_ninety_days_after_the_appointment():
    appointment = make_appointment()
    token = access.make_link(appointment)
    ends = appointment.slot.starts + access.KEPT
    assert access.find_link(token, at=ends - MINUTE)
    assert access.find_link(token, at=ends) is None


@in_database
def test_links_end_when_the_appointment_is_cancelled():
    appointment = make_appointment()
    token = access.make_link(appointment)
    booking.cancel(appointment=appointment)
    assert access.find_link(token) is None


@in_database
def test_a_link_that_was_asked_for_ends_those_before_it_and_others_do_not():
    appointment, other = make_appointment(), make_appointment()
    first, second = access.make_link(appointment), access.make_link(appointment)
    elsewhere = access.make_link(other)
    assert access.find_link(first)
    third = access.make_link(appointment, alone=True)
    assert [bool(access.find_link(token)) for token in (first, second, third, elsewhere)] == [False, False, True, True]


@in_database
def test_a_code_is_good_once():
    appointment = make_appointment()
    code = access.make_code(appointment)
    access.check_code(appointment, code)
    with pytest.raises(AccessError, match="does not work any more"):
        access.check_code(appointment, code)


@in_database
def test_a_code_is_good_for_ten_minutes():
    appointment, now = make_appointment(), timezone.now()
    code = access.make_code(appointment, at=now)
    with pytest.raises(AccessError, match="does not work any more"):
        access.check_code(appointment, code, at=now + access.CODE_VALID)
    access.check_code(appointment, code, at=now + access.CODE_VALID - timedelta(seconds=1))


@in_database
def test_a_code_is_of_one_appointment_and_only_the_newest_is_good():
    appointment, other = make_appointment(), make_appointment()
    old, strange = access.make_code(appointment), access.make_code(other)
    new = access.make_code(appointment)
    for wrong in {old, strange} - {new}:
        with pytest.raises(AccessError):
            access.check_code(appointment, wrong)
    access.check_code(appointment, new)


@in_database
def test_a_code_is_good_for_five_guesses():
    appointment = make_appointment()
    code = access.make_code(appointment)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(access.GUESSES):
        with pytest.raises(AccessError, match="not the code"):
            access.check_code(appointment, wrong)
    with pytest.raises(AccessError, match="does not work any more"):
        access.check_code(appointment, code)


@in_database
def test_a_thousand_guesses_at_codes_that_are_renewed_fail():
    appointment, now = make_appointment(), timezone.now()
    right = set()
    for number in range(1000):
        if number % access.GUESSES == 0:
            right.add(access.make_code(appointment, at=now))
        guess = next(f"{code:06}" for code in range(number, 10**6) if f"{code:06}" not in right)
        with pytest.raises(AccessError):
            access.check_code(appointment, guess, at=now)
    assert Code.objects.filter(guesses__gt=0).count() == access.GUESSES_A_DAY / access.GUESSES
    newest = access.make_code(appointment, at=now)
    with pytest.raises(AccessError, match="too many wrong codes today"):
        access.check_code(appointment, newest, at=now)


@in_database
def test_codes_are_asked_for_five_times_an_hour():
    appointment, now = make_appointment(), timezone.now()
    for _ in range(access.CODES_AN_HOUR):
        access.ask_for_code(appointment, at=now)
    with pytest.raises(AccessError, match="too many codes"):
        access.ask_for_code(appointment, at=now)
    access.ask_for_code(make_appointment(), at=now)
    access.ask_for_code(appointment, at=now + timedelta(hours=1))
    assert Message.objects.filter(kind="code").count() == access.CODES_AN_HOUR + 2


@in_database
def test_one_address_gets_three_links_an_hour_and_nobody_learns_that():
    for email in ["kim@home.example", "KIM@home.example", "kim@home.example", "kim@home.example"]:
        access.ask_for_link(email, network="192.0.2.1")
    assert Message.objects.filter(kind="link").count() == access.LINKS_AN_HOUR


@in_database
def test_one_network_asks_for_twenty_links_an_hour():
    for number in range(access.LINKS_AN_HOUR_AND_NETWORK):
        access.ask_for_link(f"{number}@home.example", network="192.0.2.1")
    with pytest.raises(AccessError, match="too many links"):
        access.ask_for_link("another@home.example", network="192.0.2.1")
    access.ask_for_link("another@home.example", network="192.0.2.2")


def test_guesses_at_once_are_still_five(committed):
    appointment = make_appointment()
    code = access.make_code(appointment)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refusals = at_once(*[lambda: access.check_code(Appointment.objects.get(), wrong)] * 8, refused=AccessError)
    compared = ["not the code" in str(refusal) for refusal in refusals]
    assert sorted(compared) == [False] * 3 + [True] * 5
