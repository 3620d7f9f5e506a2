"""A clinician's private calendar address: it belongs to them, can be revoked, and names no patient."""

import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from appointments.booking import booking
from appointments.desk import calendar_feed, feed_views
from appointments.models import AuditEntry, Clinician
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db

FEED = "/admin/appointments/appointment/feed/"


@pytest.fixture
def clinician() -> Clinician:
    return make_clinician(user=people.make_person("Clinician", username="ashe"))


def renew(clinician: Clinician) -> str:
    return calendar_feed.renew(clinician=clinician, by=clinician.user)


def ask(secret: str, **headers):
    return Client().get(f"/calendar/{secret}.ics", **headers)


def test_a_feed_shows_times_and_references_and_no_patient(clinician):
    canary = dict.fromkeys(["name", "reason", "findings", "needs", "carer_name"], "Canary Patient")
    appointment = make_appointment(slot=make_slot(hours=make_hours(clinician=clinician)), **canary)
    other = make_appointment()
    answer = ask(renew(clinician))
    text = answer.content.decode()
    assert "canary" not in text.lower()
    assert "kim@home.example" not in text
    assert other.spoken_reference not in text
    event = Calendar.from_ical(text).walk("VEVENT")[0]
    assert event["summary"] == f"{appointment.appointment_type.name}, video call"
    assert event["description"] == f"Reference {appointment.spoken_reference}"
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (appointment.slot.starts, appointment.slot.ends)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_cancelled_appointment_leaves_the_calendar(clinician):
    appointment = make_appointment(slot=make_slot(hours=make_hours(clinician=clinician)))
    secret = renew(clinician)
    booking.cancel(appointment=appointment)
    assert Calendar.from_ical(ask(secret).content.decode()).walk("VEVENT") == []


def test_an_address_ends_when_it_is_renewed_or_ended(clinician):
    first = renew(clinician)
    second = renew(clinician)
    assert (ask(first).status_code, ask(second).status_code) == (404, 200)
    calendar_feed.revoke(clinician=clinician, by=clinician.user)
    assert ask(second).status_code == 404


def test_an_address_ends_with_the_account(clinician):
    secret = renew(clinician)
    clinician.user.is_active = False
    clinician.user.save()
    assert ask(secret).status_code == 404


@pytest.mark.parametrize("secret", ["x", "a" * 43, "%00", "..", "é"])
def test_a_guessed_address_is_refused(clinician, secret):
    make_clinician(user=people.make_person("Clinician"))
    renew(clinician)
    answer = ask(secret)
    assert answer.status_code in {400, 404}
    assert b"VCALENDAR" not in answer.content


def test_secrets_are_long_different_and_stored_as_digests(clinician):
    found = {renew(clinician) for _ in range(1000)}
    assert len(found) == 1000
    assert {len(secret) for secret in found} == {43}  # 32 bytes
    clinician.refresh_from_db()
    assert clinician.feed_digest not in found


@pytest.mark.parametrize("method", ["head", "post", "put", "delete", "options", "patch"])
def test_only_get_is_answered(clinician, method):
    assert getattr(Client(), method)(f"/calendar/{renew(clinician)}.ics").status_code == 405


def test_no_refusal_is_logged_with_the_secret(clinician, caplog):
    secret = renew(clinician)
    with caplog.at_level(logging.DEBUG):
        Client().post(f"/calendar/{secret}.ics")
        calendar_feed.revoke(clinician=clinician, by=clinician.user)
        ask(secret)
    assert [record for record in caplog.records if secret in record.getMessage()] == []


def test_asking_too_often_is_refused(clinician):
    secret = renew(clinician)
    answers = [ask(secret).status_code for _ in range(feed_views.ASKED + 1)]
    assert (set(answers[:-1]), answers[-1]) == ({200}, 429)
    assert ask(secret, REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_program_that_asks_again_and_again_is_on_record_once_a_day(clinician):
    make_appointment(slot=make_slot(hours=make_hours(clinician=clinician)))
    secret = renew(clinician)
    for _ in range(3):
        ask(secret)
    assert AuditEntry.objects.get(action="exported").by == clinician.user
    calendar_feed.calendar_of(clinician, at=timezone.now() + timedelta(days=1, minutes=1))
    assert AuditEntry.objects.filter(action="exported").count() == 2


def test_a_clinician_makes_and_ends_their_own_address(clinician):
    client = people.client_of(clinician.user)
    page = client.post(f"{FEED}renew/").content.decode()
    address = page.split('value="http://127.0.0.1:8000')[1].split('"')[0]
    assert Client().get(address).status_code == 200
    assert address not in client.get(FEED).content.decode()
    client.post(f"{FEED}{clinician.pk}/revoke/")
    assert Client().get(address).status_code == 404


def test_only_the_clinician_renews_the_address_and_managers_of_hours_can_end_it(clinician):
    secret = renew(clinician)
    other = make_clinician(user=people.make_person("Clinician"))
    assert people.client_of(other.user).post(f"{FEED}{clinician.pk}/revoke/").status_code == 404
    assert people.client_of(people.make_person("Editor")).get(FEED).status_code == 403
    coordinator = people.client_of(people.make_person("Booking coordinator"))
    assert coordinator.post(f"{FEED}renew/").status_code == 404
    assert ask(secret).status_code == 200
    coordinator.post(f"{FEED}{clinician.pk}/revoke/")
    assert ask(secret).status_code == 404
