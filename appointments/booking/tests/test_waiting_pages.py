"""The pages of the waiting list, and offers that are ignored."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.booking import waiting_list
from appointments.models import Message, Offer, WaitingEntry, WorkingHours
from appointments.models.waiting import IGNORED_MOST
from appointments.tests.clients import come_in, url
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.mailbox import deliver, token_in
from appointments.tests.waiters import is_offered, waits
from calcsite.models import DeliveryStatus

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_a_patient_joins_the_waiting_list_and_accepts_an_offer():
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


def test_an_offer_can_be_declined_and_a_taken_one_is_over():
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


def test_an_offer_to_another_patient_cannot_be_answered():
    hours = make_hours()
    first, second = make_appointment(slot=make_slot(hours=hours)), make_appointment(slot=make_slot(hours=hours))
    waiting_list.join(appointment=first)
    make_slot(hours=hours, starts=timezone.now() + 3 * DAY)
    waiting_list.offer_freed()
    offer = waiting_list.open_offers(first).get()
    assert come_in(second).post(url("offer"), {"offer": offer.pk, "yes": "1"}).status_code == 409
    assert waiting_list.open_offers(first).get() == offer


def test_an_ended_entry_explains_itself_and_can_be_renewed():
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


def test_an_offer_that_waited_until_it_was_over_is_not_sent():
    appointment = is_offered()
    offer = waiting_list.open_offers(appointment).get()
    with time_machine.travel(offer.expires_at):
        assert deliver() == []
        assert not Message.objects.failed().exists()
        assert waiting_list.offer_freed() == 0
        assert deliver() == []


@pytest.mark.parametrize("end", [waiting_list.decline, lambda *, offer: make_appointment(slot=offer.slot)])
def test_an_offer_that_ended_while_it_waited_is_not_sent(end):
    appointment = is_offered()
    Message.objects.exclude(kind="offer").delete()
    end(offer=waiting_list.open_offers(appointment).get())
    waiting_list.end_offers(timezone.now())
    assert not [message for message in deliver() if message.subject.startswith("An earlier time")]
    assert Message.objects.get(kind="offer").status == DeliveryStatus.DROPPED


def ignore_one(hours: WorkingHours) -> list[str]:
    """Offer another time, and let four hours pass. Returns the e-mails about it."""
    make_slot(hours=hours)
    waiting_list.offer_freed()
    texts = [message.body for message in deliver()]
    Offer.objects.filter(answered_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    Message.objects.filter(kind="offer").update(sent_at=timezone.now() - HOUR)
    waiting_list.offer_freed()
    return texts


def test_ignored_offers_end_with_a_notice_until_the_patient_joins_again():
    hours = make_hours()
    appointment = waits(hours=hours, days=60)
    deliver()
    for _ in range(IGNORED_MOST - 1):
        (text,) = ignore_one(hours)
        assert "the last one" not in text
    (text,) = ignore_one(hours)
    assert "If you don’t answer this e-mail, it is the last one" in text
    assert ignore_one(hours) == []
    appointment.waiting.refresh_from_db()
    assert appointment.waiting.rests
    waiting_list.join(appointment=appointment)
    (text,) = ignore_one(hours)
    assert "the last one" not in text


def test_a_no_is_an_answer_and_an_offer_that_never_left_was_not_ignored():
    hours = make_hours()
    appointment = waits(hours=hours, days=60)
    deliver()
    for _ in range(IGNORED_MOST - 1):
        ignore_one(hours)
    make_slot(hours=hours)
    waiting_list.offer_freed()
    waiting_list.decline(offer=waiting_list.open_offers(appointment).get())
    deliver()
    ignore_one(hours)
    Message.objects.filter(kind="offer").update(sent_at=None)
    for _ in range(IGNORED_MOST):
        make_slot(hours=hours)
        waiting_list.offer_freed()
        Offer.objects.filter(answered_at=None).update(expires_at=timezone.now() - timedelta(seconds=1))
    waiting_list.offer_freed()
    assert WaitingEntry.objects.get().ignored == 1
