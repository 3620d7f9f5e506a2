"""A carer sees time, place, mode and checklist: nothing medical, and until the patient ends it."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.access import carers, links
from appointments.booking import booking, records
from appointments.models import Appointment, AuditEntry, CarerLink
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.complete_patient import CANARY, make_everything
from appointments.tests.factories import make_appointment
from calcsite.security.tokens import digest_of
from calcsite.tests import people

pytestmark = pytest.mark.django_db


def come_as_carer(appointment: Appointment, name: str = "Jo") -> Client:
    client = Client()
    answer = client.post(url("carer_open"), {"token": carers.make(appointment=appointment, name=name)})
    assert (answer.status_code, answer["Location"]) == (302, url("carer_page"))
    return client


def test_a_link_is_made_by_the_patient_shown_once_and_stored_as_a_digest():
    appointment = make_appointment()
    client = come_in_with_code(appointment)
    answer = client.post(url("carer"), {"name": "Jo Example"})
    (token,) = re.findall(r'value="http[^"]*/appointment/carer/([\w-]{43})/"', answer.text)
    link = CarerLink.objects.get()
    assert (link.digest, link.name, link.appointment) == (digest_of(token), "Jo Example", appointment)
    page = client.get(url("carer")).text
    assert ("Jo Example" in page, token in page) == (True, False)
    arrived = Client()
    assert "Open the appointment" in arrived.get(url("carer_arrive", token)).text
    assert arrived.post(url("carer_open"), {"token": token})["Location"] == url("carer_page")
    assert arrived.get(url("carer_page")).status_code == 200


def test_a_carer_reads_time_place_and_titles_and_no_canary_of_anything_else():
    appointment = make_everything(people.make_person())
    task = appointment.tasks.first()
    appointment.tasks.filter(pk=task.pk).update(title="Bring the list", status="started")
    page = come_as_carer(appointment).get(url("carer_page")).text
    assert "Bring the list" in page
    assert "Started" in page
    found = set(re.findall(rf"{CANARY}\w+", page))
    titles = set(appointment.tasks.values_list("title", flat=True))
    assert found <= titles
    for hidden in (appointment.reference, appointment.spoken_reference, appointment.name, appointment.email):
        assert hidden not in page


def test_a_carer_reaches_nothing_else():
    appointment = make_appointment()
    client = come_as_carer(appointment)
    refused = Client().get(url("home")).content
    names = ["home", "times", "cancel", "confirm", "calendar", "waiting", "my_data", "my_data_erase", "carer"]
    for name in names:
        assert client.get(url(name)).content == refused
        assert client.post(url(name), {"sure": "on", "name": "x"}).status_code in {403, 405}
    for address in (url("my_data_download"), url("carer_end", CarerLink.objects.get().pk), url("my_data_keep")):
        assert client.post(address).status_code == 403
    assert client.post(url("carer_page")).status_code == 405
    appointment.refresh_from_db()
    assert (appointment.status, appointment.sequence) == ("booked", 0)


@pytest.mark.parametrize("how", ["ended", "cancelled", "expired", "address corrected"])
def test_a_link_that_ended_is_dead_in_a_new_browser_and_in_an_open_one(how):
    appointment = make_appointment()
    token, client, later = carers.make(appointment=appointment, name="Jo"), come_as_carer(appointment), timezone.now()
    patient = come_in_with_code(appointment)
    if how == "ended":
        for link in CarerLink.objects.all():
            assert patient.post(url("carer_end", link.pk))["Location"] == url("carer")
    elif how == "cancelled":
        booking.cancel(appointment=appointment)
    elif how == "expired":
        later = appointment.slot.starts + links.LINK_VALID_AFTER + timedelta(minutes=1)
    else:
        details = {"email": "new@home.example"}
        records.correct_details(appointment=appointment, details=details, by=people.make_person())
    with time_machine.travel(later):
        page = client.get(url("carer_page"))
        assert (page.status_code, page.content) == (403, Client().get(url("carer_page")).content)
        assert Client().post(url("carer_open"), {"token": token}).status_code == 404
        dead = Client().get(url("carer_arrive", token))
        assert dead.content == Client().get(url("carer_arrive", "x" * 43)).content
        assert "does not work any more" in dead.text


def test_scanners_change_nothing_and_the_token_is_in_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    appointment = make_appointment()
    token, before = carers.make(appointment=appointment, name="Jo"), AuditEntry.objects.count()
    client = Client(enforce_csrf_checks=True)
    for method in (client.get, client.head, client.post, client.put):
        answer = method(url("carer_arrive", token))
        assert (answer.status_code, answer["Referrer-Policy"]) == (200, "strict-origin")
        assert answer["Cache-Control"] == "private, no-store"
    assert "Open the appointment" in client.get(url("carer_arrive", token) + ").").text
    assert client.get(url("carer_open")).status_code == 405
    assert client.post(url("carer_open"), {"token": token}).status_code == 403
    assert AuditEntry.objects.count() == before
    assert token[:20] not in "".join(record.getMessage() for record in caplog.records)


def test_coming_is_on_record_as_a_carers_without_the_name_under_a_new_key():
    appointment = make_appointment()
    client = come_as_carer(appointment, name="Jo Example")
    (entry,) = AuditEntry.objects.filter(action="entered")
    assert (entry.appointment, entry.actor, entry.detail) == (appointment, "a carer", "")
    assert not AuditEntry.objects.filter(detail__contains="Jo").exists()
    key = client.session.session_key
    client.post(url("carer_open"), {"token": carers.make(appointment=appointment, name="Al")})
    assert client.session.session_key != key
    assert "closed on this device" in client.post(url("carer_close")).text
    assert client.get(url("carer_page")).status_code == 403


def test_a_patient_cannot_end_the_link_of_another():
    mine, other = make_appointment(), make_appointment()
    carers.make(appointment=other, name="Jo")
    client, link = come_in_with_code(mine), CarerLink.objects.get()
    answers = [client.post(url("carer_end", pk)) for pk in (link.pk, 987654)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert carers.usable().filter(pk=link.pk).exists()
    assert come_in(other).post(url("carer_end", link.pk)).status_code == 302  # to the code
    assert carers.usable().filter(pk=link.pk).exists()


def test_there_are_five_links_at_most_and_each_has_a_name():
    client = come_in_with_code(make_appointment())
    assert "Write the name of the person." in client.post(url("carer"), {"name": " "}).text
    for number in range(carers.USABLE_LINKS):
        client.post(url("carer"), {"name": f"Jo {number}"})
    assert "You have 5 links already." in client.post(url("carer"), {"name": "Jo"}).text
    assert CarerLink.objects.count() == carers.USABLE_LINKS
