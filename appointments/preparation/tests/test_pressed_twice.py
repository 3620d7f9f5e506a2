"""A button pressed twice acts once, and the second answer equals the first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking, waiting_list
from appointments.models import Appointment, Message
from appointments.tests.clients import come_in, url
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
DAY = timedelta(days=1)


def offered() -> tuple[Appointment, dict[str, int]]:
    """An appointment with an earlier time on offer, and the form that answers it."""
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 20 * DAY))
    waiting_list.join(appointment=appointment)
    make_slot(hours=hours, starts=timezone.now() + 5 * DAY)
    waiting_list.offer_freed()
    return appointment, {"offer": waiting_list.open_offers(appointment).get().pk}


@in_database
def test_moving_twice_is_moving_once():
    hours = make_hours()
    appointment, free = make_appointment(slot=make_slot(hours=hours)), make_slot(hours=hours)
    client = come_in(appointment)
    unseen = client.post(url("move", free.pk))
    again = client.post(url("move", free.pk), follow=True)
    assert unseen["Location"] == url("home")
    assert again.redirect_chain == [(url("home"), 302)]
    assert "Your appointment has a new time" in again.text
    assert client.get(url("move", free.pk))["Location"] == url("home")
    assert Message.objects.filter(appointment=appointment, kind="change").count() == 1


def test_two_clicks_at_once_move_once_and_both_are_told_so(committed):
    hours = make_hours()
    appointment, free = make_appointment(slot=make_slot(hours=hours)), make_slot(hours=hours)
    clients = [come_in(appointment), come_in(appointment)]
    answers = at_once(*[lambda client=client: client.post(url("move", free.pk)) for client in clients])
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, url("home"))] * 2
    assert Message.objects.filter(appointment=appointment, kind="change").count() == 1


@in_database
def test_cancelling_twice_and_going_back_say_that_it_is_cancelled():
    appointment = make_appointment()
    client = come_in(appointment)
    client.post(url("cancel"), {"why": ""})
    for answer in (client.post(url("cancel"), {"why": ""}), client.get(url("cancel")), client.get(url("home"))):
        assert (answer.status_code, answer["Location"]) == (302, url("cancelled"))
    assert Message.objects.filter(appointment=appointment, kind="cancellation").count() == 1


@in_database
def test_a_link_that_was_replaced_before_learns_nothing_of_a_cancellation():
    appointment = make_appointment()
    client = come_in(appointment)
    links.make_link(appointment, alone=True)
    booking.cancel(appointment=appointment)
    assert client.get(url("home")).status_code == 403


@in_database
def test_taking_an_offer_twice_is_taking_it_once():
    appointment, form = offered()
    client = come_in(appointment, offered=True)
    client.post(url("offer"), form | {"yes": "1"})
    again = client.post(url("offer"), form | {"yes": "1"}, follow=True)
    assert again.redirect_chain == [(url("home"), 302)]
    assert "has the earlier time" in again.text
    assert client.get(url("offer"))["Location"] == url("home")
    assert Message.objects.filter(appointment=appointment, kind="change").count() == 1
    client.post(url("waiting"), {"send": "1"})
    assert "No earlier time is offered" in client.get(url("offer")).text


@in_database
def test_refusing_an_offer_twice_is_refusing_it_once_and_it_is_not_taken_after_that():
    appointment, form = offered()
    client = come_in(appointment, offered=True)
    assert client.post(url("offer"), form | {"no": "1"})["Location"] == url("home")
    assert "You keep your time" in client.post(url("offer"), form | {"no": "1"}, follow=True).text
    over = client.post(url("offer"), form | {"yes": "1"})
    assert over.status_code == 409
    assert "This offer is over. You keep the time that you have." in over.text


@in_database
def test_an_offer_that_was_taken_and_moved_away_from_is_not_taken_again():
    appointment, form = offered()
    client = come_in(appointment, offered=True)
    client.post(url("offer"), form | {"yes": "1"})
    appointment.refresh_from_db()
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    assert client.post(url("offer"), form | {"yes": "1"}).status_code == 409
