"""Ways back in: links and codes."""

import math
from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking
from appointments.models import Appointment, AuditEntry, Code, Message, PatientLink
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@in_database
def test_a_link_opens_its_appointment_again_and_again_and_that_is_on_record():
    appointment = make_appointment()
    token = links.make_link(appointment)
    for _ in range(2):
        assert links.enter(token).appointment == appointment
    assert AuditEntry.objects.filter(appointment=appointment, action="entered").count() == 2


@in_database
def test_tokens_are_long_random_and_stored_as_digests():
    appointment = make_appointment()
    tokens = {links.make_link(appointment) for _ in range(200)}
    assert {len(token) for token in tokens} == {links.TOKEN_LENGTH}
    assert len({token[:8] for token in tokens}) == 200
    assert links.TOKEN_LENGTH * math.log2(64) >= 128
    assert tokens.isdisjoint(PatientLink.objects.values_list("digest", flat=True))


@in_database
@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\0" * 43, "é" * 43, "x" * 5000])
def test_an_invalid_token_opens_nothing(token):
    links.make_link(make_appointment())
    assert links.find_link(token) is None
    with pytest.raises(UserFacingError):
        links.enter(token)


@in_database
def test_a_link_ends_ninety_days_after_the_appointment():
    appointment = make_appointment()
    token = links.make_link(appointment)
    ends = appointment.slot.starts + links.LINK_VALID_AFTER
    assert links.find_link(token, at=ends - MINUTE)
    assert links.find_link(token, at=ends) is None


@in_database
def test_links_end_when_the_appointment_is_cancelled():
    appointment = make_appointment()
    token = links.make_link(appointment)
    booking.cancel(appointment=appointment)
    assert links.find_link(token) is None


@in_database
def test_a_link_that_was_asked_for_ends_those_before_it_and_others_do_not():
    appointment, other = make_appointment(), make_appointment()
    first, second = links.make_link(appointment), links.make_link(appointment)
    elsewhere = links.make_link(other)
    assert links.find_link(first)
    third = links.make_link(appointment, alone=True)
    assert [bool(links.find_link(token)) for token in (first, second, third, elsewhere)] == [False, False, True, True]


@in_database
def test_a_code_is_good_once():
    appointment = make_appointment()
    code = links.make_code(appointment)
    links.check_code(appointment, code)
    with pytest.raises(UserFacingError, match="does not work any more"):
        links.check_code(appointment, code)


@in_database
def test_a_code_is_good_for_ten_minutes():
    appointment, now = make_appointment(), timezone.now()
    code = links.make_code(appointment, at=now)
    with pytest.raises(UserFacingError, match="does not work any more"):
        links.check_code(appointment, code, at=now + links.CODE_VALID)
    links.check_code(appointment, code, at=now + links.CODE_VALID - timedelta(seconds=1))


@in_database
def test_a_code_is_of_one_appointment_and_only_the_newest_is_good():
    appointment, other = make_appointment(), make_appointment()
    old, strange = links.make_code(appointment), links.make_code(other)
    new = links.make_code(appointment)
    for wrong in {old, strange} - {new}:
        with pytest.raises(UserFacingError):
            links.check_code(appointment, wrong)
    links.check_code(appointment, new)


@in_database
def test_a_code_is_good_for_five_guesses():
    appointment = make_appointment()
    code = links.make_code(appointment)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(links.GUESSES_A_CODE):
        with pytest.raises(UserFacingError, match="not the code"):
            links.check_code(appointment, wrong)
    with pytest.raises(UserFacingError, match="does not work any more"):
        links.check_code(appointment, code)


@in_database
def test_a_thousand_guesses_at_codes_that_are_renewed_fail():
    appointment, now = make_appointment(), timezone.now()
    right = set()
    for number in range(1000):
        if number % links.GUESSES_A_CODE == 0:
            right.add(links.make_code(appointment, at=now))
        guess = next(f"{code:06}" for code in range(number, 10**6) if f"{code:06}" not in right)
        with pytest.raises(UserFacingError):
            links.check_code(appointment, guess, at=now)
    assert Code.objects.filter(guesses__gt=0).count() == links.GUESSES_A_DAY / links.GUESSES_A_CODE
    newest = links.make_code(appointment, at=now)
    with pytest.raises(UserFacingError, match="too many wrong codes today"):
        links.check_code(appointment, newest, at=now)


@in_database
def test_codes_are_asked_for_five_times_an_hour():
    appointment, now = make_appointment(), timezone.now()
    for _ in range(links.CODES_AN_HOUR):
        links.ask_for_code(appointment, at=now)
    with pytest.raises(UserFacingError, match="too many codes"):
        links.ask_for_code(appointment, at=now)
    links.ask_for_code(make_appointment(), at=now)
    links.ask_for_code(appointment, at=now + timedelta(hours=1))
    assert Message.objects.filter(kind="code").count() == links.CODES_AN_HOUR + 2


@in_database
def test_one_address_gets_three_links_an_hour_with_the_same_answer():
    for email in ["kim@home.example", "KIM@home.example", "kim@home.example", "kim@home.example"]:
        links.ask_for_link(email, network="192.0.2.1")
    assert Message.objects.filter(kind="link").count() == links.LINKS_AN_HOUR


@in_database
def test_one_network_asks_for_twenty_links_an_hour():
    for number in range(links.LINKS_AN_HOUR_AND_NETWORK):
        links.ask_for_link(f"{number}@home.example", network="192.0.2.1")
    with pytest.raises(UserFacingError, match="too many links"):
        links.ask_for_link("another@home.example", network="192.0.2.1")
    links.ask_for_link("another@home.example", network="192.0.2.2")


def test_guesses_at_once_are_still_five(committed):
    appointment = make_appointment()
    code = links.make_code(appointment)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    refusals = at_once(*[lambda: links.check_code(Appointment.objects.get(), wrong)] * 8, refused=UserFacingError)
    compared = ["not the code" in str(refusal) for refusal in refusals]
    assert sorted(compared) == [False] * 3 + [True] * 5
