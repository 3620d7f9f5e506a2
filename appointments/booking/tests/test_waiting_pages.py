"""The waiting list as a patient sees it."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.booking import waiting_list
from appointments.models import WaitingEntry
from appointments.models.waiting import IGNORED_MOST
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.post import deliver, token_in
from appointments.tests.visiting import come_in, url
from appointments.tests.waiters import is_offered

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_patient_joins_the_waiting_list_and_takes_what_is_offered():
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 20 * DAY))
    client = come_in(appointment)
    assert (
        "We e-mail you when an earlier time comes free" in client.post(url("waiting"), {"send": "1"}, follow=True).text
    )
    assert "You are on the list" in client.get(url("waiting")).text
    assert "No earlier time is offered" in client.get(url("offer")).text
    slot = make_slot(hours=hours, starts=timezone.now() + 5 * DAY)
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(appointment).get()
    assert "Take the earlier time" in client.get(url("offer")).text
    page = client.post(url("offer"), {"offer": offer.pk, "yes": "1"}, follow=True)
    assert "has the earlier time" in page.text
    appointment.refresh_from_db()
    assert appointment.slot == slot


def test_an_offer_can_be_refused_and_is_kindly_over_when_somebody_was_faster():
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 20 * DAY))
    waiting_list.join(appointment=appointment)
    client = come_in(appointment)
    slots = [make_slot(hours=hours, starts=timezone.now() + days * DAY) for days in (5, 6)]
    waiting_list.offer_freed()
    answer = {"offer": waiting_list.open_offers(appointment).get().pk}
    assert "You keep your time" in client.post(url("offer"), answer | {"no": "1"}, follow=True).text
    assert "This offer is over" in client.post(url("offer"), answer | {"yes": "1"}).text
    waiting_list.offer_freed()
    make_appointment(slot=slots[1])
    answer = {"offer": waiting_list.open_offers(appointment).get().pk}
    assert "Somebody else has just taken that time" in client.post(url("offer"), answer | {"yes": "1"}).text
    for wrong in ("", "x", "-1", "9" * 30, "²"):
        assert client.post(url("offer"), {"offer": wrong}).status_code == 409


def test_the_link_in_the_e_mail_leads_to_the_offer_and_the_first_page_shows_it():
    appointment = is_offered()
    offer = waiting_list.open_offers(appointment).get()
    email = next(email for email in deliver() if "earlier time" in email.subject)
    client = Client()
    opened = client.post(url("open"), {"token": token_in(email)}, follow=True)
    assert opened.redirect_chain == [(url("offer"), 302)]
    assert "Take the earlier time" in opened.text
    home = client.get(url("home")).text
    assert home.index("You can have an earlier time") < home.index("<dt>When</dt>")
    assert f'href="{url("offer")}"' in home
    with time_machine.travel(offer.expires_at):
        assert "You can have an earlier time" not in come_in(appointment).get(url("home")).text


def test_a_patient_leaves_the_waiting_list():
    appointment = make_appointment()
    waiting_list.join(appointment=appointment)
    come_in(appointment).post(url("waiting"), {"leave": "1"})
    appointment.waiting.refresh_from_db()
    assert appointment.waiting.ended_at


def test_nobody_answers_an_offer_to_somebody_else():
    hours = make_hours()
    first, second = make_appointment(slot=make_slot(hours=hours)), make_appointment(slot=make_slot(hours=hours))
    waiting_list.join(appointment=first)
    make_slot(hours=hours, starts=timezone.now() + 3 * DAY)
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(first).get()
    assert come_in(second).post(url("offer"), {"offer": offer.pk, "yes": "1"}).status_code == 409
    assert waiting_list.open_offers(first).get() == offer


def test_who_is_not_asked_any_more_reads_why_and_goes_on_the_list_again():
    appointment = make_appointment()
    entry = waiting_list.join(appointment=appointment)
    WaitingEntry.objects.filter(pk=entry.pk).update(ended_at=timezone.now(), ignored=IGNORED_MOST)
    client = come_in(appointment)
    for page in ("home", "waiting", "offer"):
        assert "you did not answer our last 3 e-mails about one" in client.get(url(page)).text
    client.post(url("waiting"), {"send": "1"})
    assert WaitingEntry.objects.get().ended_at is None
    for page in ("home", "waiting", "offer"):
        assert "you did not answer" not in client.get(url(page)).text


def test_the_last_offer_says_so_on_the_page():
    appointment = is_offered()
    client, words = come_in(appointment, offered=True), "we do not ask you about earlier times any more"
    assert words not in client.get(url("offer")).text
    WaitingEntry.objects.update(ignored=IGNORED_MOST - 1)
    assert words in client.get(url("offer")).text
