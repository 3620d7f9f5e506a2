"""Offers of earlier times that nobody answers: none comes late, and nobody is asked for ever."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from appointments.booking import waiting_list
from appointments.models import Message, Offer, WaitingEntry, WorkingHours
from appointments.models.waiting import IGNORED_MOST
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.post import deliver
from appointments.tests.waiters import is_offered, waits
from calcsite.mail.models import DeliveryStatus

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


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


def test_who_ignores_offers_is_told_with_the_last_one_and_not_asked_again_until_they_want_to():
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
