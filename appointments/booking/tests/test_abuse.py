"""Attacks by programs and people: filling in traps, guessing, hoarding, repeated requests."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking, limits
from appointments.models import Appointment, Message, PatientLink
from appointments.tests.clients import ANSWERS, BOOK, answer, come_in, come_to, free, problems, seen, url
from appointments.tests.factories import make_appointment, make_hours, make_slot, make_type
from appointments.tests.mailbox import code_in, deliver
from appointments.tests.urls import addresses, everything, shown
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ASKED = "You have asked for too many links."


@pytest.fixture
def slot():
    return make_slot(hours=make_hours(types=[make_type(name="Second opinion")]))


@in_database
@pytest.mark.parametrize("step", [step for step in ANSWERS if step != "time"])
def test_a_trap_that_is_filled_in_gets_words_and_stores_nothing(client, slot, step):
    come_to(client, step)
    before = everything()
    refused = answer(client, step, website="https://spam.example", reason="Kept as typed")
    assert refused.status_code == 200
    assert "We could not accept this page." in problems(refused)
    assert ("Kept as typed" in refused.text) == (step == "why")
    assert everything() == before
    assert answer(client, step).status_code == 302


@in_database
@pytest.mark.parametrize("step", [step for step in ANSWERS if step != "time"])
def test_the_trap_is_out_of_sight_hearing_and_reach(client, slot, step):
    come_to(client, step)
    page = client.get(f"{BOOK}{step}/").text
    (trap,) = re.findall(r'<div class="trap" aria-hidden="true">.*?</div>', page, re.DOTALL)
    assert page.count('name="website"') == trap.count('name="website"') == 1
    assert 'tabindex="-1"' in trap
    assert 'autocomplete="off"' in trap
    assert "required" not in trap


def statuses(path: str, fields: dict[str, str], times: int, **headers: str) -> list[int]:
    """The statuses of repeated requests that claim to come from another address each time."""
    hops = [f"198.51.100.{number}" for number in range(times)]
    answers = [Client().post(path, fields, headers={"X-Forwarded-For": hop}, **headers) for hop in hops]
    return [seen(Client(), sent).status_code for sent in answers]


@in_database
def test_claiming_to_come_from_elsewhere_does_not_help(slot):
    most = links.LINKS_AN_HOUR_AND_NETWORK
    assert statuses(url("link"), {"email": "kim@home.example"}, most + 2) == [302] * most + [429] * 2
    most = limits.BEGIN[1]
    assert statuses(f"{BOOK}about/", ANSWERS["about"], most + 2) == [302] * most + [429] * 2
    assert statuses(f"{BOOK}about/", ANSWERS["about"], 1, REMOTE_ADDR="203.0.113.9") == [302]


@in_database
def test_behind_our_proxy_its_word_counts_and_the_clients_does_not(settings):
    settings.BEHIND_PROXY = True
    most, form = links.LINKS_AN_HOUR_AND_NETWORK, {"email": "kim@home.example"}
    hops = [f"198.51.100.{number}, 203.0.113.9" for number in range(most + 1)]
    answers = [Client().post(url("link"), form, headers={"X-Forwarded-For": hop}) for hop in hops]
    assert [one.status_code for one in answers] == [302] * most + [429]
    assert Client().post(url("link"), form, headers={"X-Forwarded-For": "203.0.113.10"}).status_code == 302


def test_limits_hold_for_requests_at_once_on_connections_of_their_own(committed):
    """A process of the site is a connection to the database: nothing of a limit is anywhere else."""

    def ask() -> list[int]:
        return [Client().post(url("link"), {"email": "kim@home.example"}).status_code for _ in range(6)]

    answers = [status for some in at_once(*[ask] * 4) for status in some]
    most = links.LINKS_AN_HOUR_AND_NETWORK
    assert sorted(answers) == [302] * most + [429] * (24 - most)
    assert Message.objects.filter(kind="link").count() == links.LINKS_AN_HOUR
    allowed = at_once(*[lambda: booking.may_book("kim@home.example")] * 14)
    assert sum(allowed) == booking.BOOKINGS_A_DAY


@in_database
def test_guesses_at_a_code_end_and_the_patient_is_told_when_and_gets_in():
    appointment = make_appointment()
    token = links.make_link(appointment)
    client, now, codes = come_in(appointment), timezone.now(), set()
    deliver()
    for number in range(links.GUESSES_A_DAY + 5):
        if number % links.GUESSES_A_CODE == 0:
            codes.add(links.make_code(appointment))
        guess = next(f"{code:06}" for code in range(number, 10**6) if f"{code:06}" not in codes)
        assert client.post(url("confirm"), {"code": guess}).status_code == 200
    right = links.make_code(appointment)
    told = client.post(url("confirm"), {"code": right})
    assert "There were too many wrong codes today. Try again tomorrow, or call us." in told.text
    again = Client()
    assert again.post(url("open"), {"token": token}, follow=True).status_code == 200
    with time_machine.travel(now + DAY + HOUR):
        again = come_in(appointment)
        again.post(url("send_code"))
        code = code_in(next(email for email in deliver() if "code" in email.subject))
        assert again.post(url("confirm"), {"code": code}).headers["Location"] == url("home")


@in_database
def test_a_thousand_guesses_at_a_link_fail_and_the_real_one_still_opens():
    appointment = make_appointment()
    token = links.make_link(appointment)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    near = [token[:place] + letter + token[place + 1 :] for place in range(16) for letter in alphabet]
    guesses = [guess for guess in near if guess != token][:1000]
    assert [guess for guess in guesses if links.find_link(guess)] == []
    stored = PatientLink.objects.get().digest
    for guess in [*guesses[:20], stored, stored[:43], appointment.reference, str(appointment.pk)]:
        assert Client().post(url("open"), {"token": guess}).status_code == 404
    assert Client().post(url("open"), {"token": token}).headers["Location"] == url("home")


@in_database
def test_a_reference_opens_nothing_even_with_the_right_address_and_date_of_birth():
    appointment = make_appointment(date_of_birth="1980-03-31")
    known = {"reference": appointment.reference, "email": appointment.email, "date_of_birth": "1980-03-31"}
    known |= {"token": appointment.reference, "code": appointment.reference, "name": appointment.name}
    paths = [*addresses(pk=appointment.slot_id), *addresses(token=appointment.reference)]
    stranger = Client()
    for path in dict.fromkeys(paths):
        for page in (stranger.get(path, known), stranger.post(path, known)):
            assert page.status_code in {200, 302, 403, 404, 405}
            assert appointment.spoken_reference not in page.text
            assert str(appointment.slot.clinician) not in page.text
    assert stranger.get(url("home")).status_code == 403


def statements(client: Client, email: str) -> tuple[list[str], str]:
    """The statements of a request for a link, without the values, and its answer."""
    with CaptureQueriesContext(connection) as asked:
        response = client.post(url("link"), {"email": email})
    shapes = [re.sub(r"'[^']*'(?:::\w+)?", "?", query["sql"]) for query in asked]  # the next request clears them
    page = client.get(response.headers["Location"])
    return shapes, f"{response.status_code} {response.headers} {response.text} {shown(page.text)}"


@in_database
def test_asking_for_a_link_asks_the_database_the_same_for_a_stranger():
    make_appointment(email="kim@home.example")
    deliver()
    statements(Client(), "first@home.example")
    known, stranger = (statements(Client(), f"{name}@home.example") for name in ("kim", "nobody"))
    assert len(known[0]) >= 3
    assert known == stranger


@in_database
def test_too_many_link_requests_get_the_same_answer_and_no_more_mail():
    appointment = make_appointment(email="kim@home.example")
    deliver()
    answers = {statements(Client(), email)[1] for _ in range(6) for email in ("kim@home.example", "x@home.example")}
    assert len(answers) == 1
    arrived = deliver()
    assert [email.to for email in arrived] == [["kim@home.example"]] * links.LINKS_AN_HOUR
    assert PatientLink.objects.filter(appointment=appointment, ended_at=None).count() == 1


@in_database
def test_one_address_cannot_take_the_calendar_and_sixty_people_behind_it_can_book():
    """Spread over the day, so that no other limit is met."""
    asked, begun = RequestFactory().post(f"{BOOK}time/"), timezone.now()
    allowed = 0
    for number in range(23 * 15):
        with time_machine.travel(begun + timedelta(minutes=4 * number), tick=False):
            allowed += limits.may_hold(asked)
    assert 60 <= allowed <= 120
    with time_machine.travel(begun + DAY + HOUR):
        assert limits.may_hold(asked)


@in_database
def test_only_a_counted_new_choice_holds_a_time_for_more_than_two_hours(client, slot):
    come_to(client, "who")
    began = Appointment.objects.get().created_at
    ends = began + booking.LONGEST_HOLD
    for minutes in range(15, 165, 15):
        with time_machine.travel(began + timedelta(minutes=minutes)):
            client.post(f"{BOOK}who/", {"keep": "yes"})
            answer(client, "how")
            for held in Appointment.objects.all():
                assert held.held_until <= ends
    with time_machine.travel(ends):
        assert free(slot)


@in_database
def test_the_choice_of_the_same_time_again_holds_it_no_longer(client, slot):
    come_to(client, "who")
    began = Appointment.objects.get().created_at
    with time_machine.travel(began + booking.LONGEST_HOLD - timedelta(minutes=1)):
        answer(client, "time", slot=slot.pk)
        assert Appointment.objects.get().held_until == began + booking.LONGEST_HOLD
    with time_machine.travel(began + booking.LONGEST_HOLD + timedelta(minutes=1)):
        assert free(slot)
        answer(client, "time", slot=slot.pk)
        assert Appointment.objects.get().created_at > began
