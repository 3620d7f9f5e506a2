"""Sending what waits in the outbox: each message once, however many workers there are."""

from datetime import timedelta

import pytest
from django.core import mail as sent
from django.utils import timezone
from post_office import mail
from post_office.models import STATUS, Email

from calcsite import outbox
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": MEMORY}}


def put(subject: str = "Hello", **fields) -> Email:
    return mail.send("ann@clinic.example", "site@clinic.example", subject=subject, message="Hello.", **fields)


@in_database
def test_all_that_waits_is_sent_and_nothing_twice():
    for number in range(3):
        put(f"Message {number}")
    assert outbox.send_waiting() == 3
    assert outbox.send_waiting() == 0
    assert sorted(message.subject for message in sent.outbox) == ["Message 0", "Message 1", "Message 2"]
    assert set(Email.objects.values_list("status", flat=True)) == {STATUS.sent}


@in_database
def test_a_message_for_later_waits():
    put(scheduled_time=timezone.now() + timedelta(hours=1))
    assert outbox.send_waiting() == 0


@in_database
def test_a_message_that_fails_is_tried_again_later_and_keeps_no_other_waiting(settings, tmp_path):
    nowhere = "django.core.mail.backends.smtp.EmailBackend"
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": nowhere, "memory": MEMORY}}
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    failing = put()
    put("Good", backend="memory")
    assert outbox.send_waiting() == 2
    failing.refresh_from_db()
    assert (failing.status, failing.number_of_retries) == (STATUS.requeued, 1)
    assert failing.scheduled_time > timezone.now() + timedelta(minutes=10)
    assert [message.subject for message in sent.outbox] == ["Good"]


@in_database
def test_a_message_of_a_worker_that_died_is_sent_once_its_lease_is_over():
    email = put()
    Email.objects.update(scheduled_time=timezone.now() + outbox.LEASE)
    assert outbox.send_waiting() == 0
    Email.objects.filter(pk=email.pk).update(scheduled_time=timezone.now() - timedelta(seconds=1))
    assert outbox.send_waiting() == 1


def test_workers_at_once_send_each_message_once(committed):
    for number in range(8):
        put(f"Message {number}")
    at_once(*[outbox.send_waiting] * 4)
    assert sorted(message.subject for message in sent.outbox) == [f"Message {number}" for number in range(8)]
