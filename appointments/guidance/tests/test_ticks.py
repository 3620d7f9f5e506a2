"""Ticks from before the booking are taken over only on the patient's request."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import ConsentKind, TaskStatus
from appointments.guidance import copies, versions
from appointments.guidance.tests.makers import NEW, make_item
from appointments.models import Appointment, ChecklistItem, Consent, PreparationTask
from appointments.preparation import tasks
from appointments.tests.clients import BOOK, book
from appointments.tests.factories import make_appointment, make_slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db

DONE, TICKS = f"{BOOK}done/", f"{BOOK}done/ticks/"


@pytest.fixture
def items() -> list[ChecklistItem]:
    return [make_item(title=f"Item {number}") for number in range(3)]


def statuses(appointment: Appointment) -> list[str]:
    return list(appointment.tasks.order_by("source").values_list("status", flat=True))


def test_ticks_are_taken_over_with_the_patients_consent(items):
    appointment, now = make_appointment(), timezone.now()
    ticks = [items[0].tick, items[2].tick]
    assert copies.take_over_ticks(appointment=appointment, ticks=ticks, at=now) == 2
    assert statuses(appointment) == ["done", "to_do", "done"]
    consent = Consent.objects.get()
    found = (consent.appointment, consent.kind, consent.version, consent.given_at, consent.withdrawn_at)
    assert found == (appointment, ConsentKind.TICKS, "2026-11", now, None)


@pytest.mark.parametrize("ticks", [[], ["", "x", "1", "-1", "1-1-1", "9" * 500, "'--", "<b>"]])
def test_unknown_ticks_change_nothing_and_are_no_consent(items, ticks):
    appointment = make_appointment()
    later = make_item()
    assert copies.take_over_ticks(appointment=appointment, ticks=[*ticks, later.tick]) == 0
    assert statuses(appointment) == ["to_do"] * 3
    assert not Consent.objects.exists()


def test_tasks_marked_meanwhile_keep_their_status(items):
    appointment = make_appointment()
    started, reopened, _ = appointment.tasks.order_by("source")
    tasks.mark(appointment=started.appointment, task=started, status=TaskStatus.NOT_NEEDED)
    tasks.mark(appointment=reopened.appointment, task=reopened, status=TaskStatus.DONE)
    tasks.mark(appointment=reopened.appointment, task=reopened, status=TaskStatus.TO_DO)
    copies.take_over_ticks(appointment=appointment, ticks=[item.tick for item in items])
    assert statuses(appointment) == ["not_needed", "to_do", "done"]


def test_taking_over_again_is_one_consent(items):
    appointment = make_appointment()
    for item in items:
        copies.take_over_ticks(appointment=appointment, ticks=[item.tick])
    assert statuses(appointment) == ["done"] * 3
    assert Consent.objects.count() == 1


def test_a_tick_by_unsafe_words_counts_for_nothing(items):
    old = items[0].tick
    before = make_appointment()
    items[0].text = NEW
    versions.save(item=items[0], by=people.make_person("Editor"), is_safety_change=True)
    after = make_appointment()
    for appointment, ticks in [(after, [old]), (before, [old, items[0].tick])]:
        assert copies.take_over_ticks(appointment=appointment, ticks=ticks) == 0


def booked_client() -> Client:
    make_slot()
    client = Client()
    assert book(client)["Location"] == DONE
    return client


def test_the_confirmation_offers_the_ticks_and_sends_none_by_itself(items):
    client = booked_client()
    page = client.get(DONE).content.decode()
    offered = re.search(r'<form[^>]*\shidden\s+data-take-over="([^"]*)"', page)
    assert offered[1].split() == [item.tick for item in items]
    assert "If you don’t press the button, nothing is sent." in page
    assert not Consent.objects.exists()
    assert set(PreparationTask.objects.values_list("status", flat=True)) == {"to_do"}


def test_the_button_takes_over_and_the_confirmation_says_so(items):
    client = booked_client()
    answer = client.post(TICKS, {"tick": [items[1].tick, "nonsense"]})
    assert (answer.status_code, answer["Location"]) == (302, f"{DONE}#ticks")
    page = client.get(DONE).content.decode()
    assert "Marked as done in your list: 1 of 3." in page
    assert f'data-take-over="{items[0].tick} {items[2].tick}"' in page


def test_taking_over_ticks_needs_a_booking_in_this_browser(items):
    appointment = make_appointment()
    assert Client().post(TICKS, {"tick": items[0].tick}).status_code == 302
    assert Client().get(TICKS).status_code == 405
    assert Client(enforce_csrf_checks=True).post(TICKS, {"tick": items[0].tick}).status_code == 403
    assert statuses(appointment) == ["to_do"] * 3


def test_a_cancelled_booking_takes_nothing_over(items):
    client = booked_client()
    booking.cancel(appointment=Appointment.objects.get(), by=people.make_person())
    client.post(TICKS, {"tick": items[0].tick})
    assert statuses(Appointment.objects.get()) == ["to_do"] * 3
