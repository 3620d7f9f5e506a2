"""Sending the mail that is due: each e-mail once, however many workers there are."""

from datetime import timedelta

import pytest
from django.core import mail as sent
from django.utils import timezone

from calcsite.mail import sending
from calcsite.mail.tests.mailservers import ANSWERS, MEMORY, PICKY
from calcsite.models import LEASE, DeliveryStatus, StaffMail
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    settings.MAIL_SERVER_BACKEND = MEMORY


def put(subject: str = "Hello", to: str = "ann@clinic.example", **fields) -> StaffMail:
    return StaffMail.objects.create(to=to, sender="site@clinic.example", subject=subject, text="Hello.", **fields)


@in_database
def test_all_that_waits_is_sent_and_nothing_twice():
    for number in range(3):
        put(f"Message {number}")
    assert sending.send_staff_mail() == 3
    assert sending.send_staff_mail() == 0
    assert sorted(message.subject for message in sent.outbox) == ["Message 0", "Message 1", "Message 2"]
    assert set(StaffMail.objects.values_list("status", flat=True)) == {DeliveryStatus.SENT}


@in_database
def test_a_message_for_later_waits():
    put(due_at=timezone.now() + timedelta(hours=1))
    assert sending.send_staff_mail() == 0


@in_database
def test_a_failed_message_is_retried_ever_later_and_delays_no_other(settings):
    settings.MAIL_SERVER_BACKEND = PICKY
    put(to="drops@clinic.example")
    put("Good")
    assert sending.send_staff_mail() == 2
    assert [message.subject for message in sent.outbox] == ["Good"]
    failing = StaffMail.objects.filter(status=DeliveryStatus.WAITING)
    for attempt in range(1, sending.ATTEMPTS):
        wait = sending.WAITS[min(attempt, len(sending.WAITS)) - 1]
        assert failing.get().attempts == attempt
        assert timedelta(0) <= timezone.now() + wait - failing.get().next_attempt_at < timedelta(seconds=30)
        assert sending.send_staff_mail() == 0
        failing.update(next_attempt_at=timezone.now())
        assert sending.send_staff_mail() == 1
    assert StaffMail.objects.get(status=DeliveryStatus.REFUSED).attempts == sending.ATTEMPTS
    assert sum(sending.WAITS[:-1], (sending.ATTEMPTS - len(sending.WAITS)) * sending.WAITS[-1]) > timedelta(hours=23)


@in_database
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("drops", DeliveryStatus.WAITING),
        ("busy", DeliveryStatus.WAITING),
        ("full", DeliveryStatus.WAITING),
        ("stranger", DeliveryStatus.WAITING),
        ("poison", DeliveryStatus.WAITING),
        ("unknown", DeliveryStatus.REFUSED),
        ("spam", DeliveryStatus.REFUSED),
    ],
)
def test_permanent_failures_are_not_retried_and_all_others_are(settings, caplog, name, status):
    settings.MAIL_SERVER_BACKEND = PICKY
    email = put(to=f"{name}@clinic.example")
    sending.send_staff_mail()
    email.refresh_from_db()
    assert (email.status, email.last_error.partition(":")[0]) == (status, type(ANSWERS[name]).__name__)
    assert (email.attempts, email.leased_until) == (1, None)
    assert f"e-mail to staff {email.pk} was not sent" in caplog.text
    assert f"{name}@" not in caplog.text
    assert [record.levelname for record in caplog.records] == ["ERROR" if name == "poison" else "WARNING"]


@in_database
def test_while_there_is_no_mail_server_nothing_is_tried(settings, caplog):
    nowhere = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAIL_SERVER_BACKEND = nowhere
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    email = put()
    assert sending.send_staff_mail() == 0
    assert "the mail server cannot be reached" in caplog.text
    email.refresh_from_db()
    state = (email.status, email.attempts, email.leased_until, email.next_attempt_at)
    assert state == (DeliveryStatus.WAITING, 0, None, None)


@in_database
def test_a_round_ends_when_it_has_taken_long_and_the_next_one_goes_on():
    put()
    rows, compose = StaffMail.objects.all(), sending.compose_staff_mail
    assert sending.send_waiting(rows, compose, longest=timedelta(seconds=-1)) == 0
    assert sending.send_staff_mail() == 1


@in_database
def test_a_message_of_a_worker_that_died_is_sent_once_its_lease_is_over():
    email = put()
    StaffMail.objects.update(leased_until=timezone.now() + LEASE)
    assert sending.send_staff_mail() == 0
    StaffMail.objects.filter(pk=email.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert sending.send_staff_mail() == 1


def test_workers_at_once_send_each_message_once(committed):
    for number in range(8):
        put(f"Message {number}")
    at_once(*[sending.send_staff_mail] * 4)
    assert sorted(message.subject for message in sent.outbox) == [f"Message {number}" for number in range(8)]


@in_database
def test_each_attempt_has_the_same_message_id(settings):
    email = put()
    messages = [sending.compose_staff_mail(StaffMail.objects.get(pk=email.pk)).message() for _ in range(2)]
    assert {message["Message-ID"] for message in messages} == {f"<{email.uid.hex}@{settings.MESSAGE_ID_DOMAIN}>"}


@in_database
def test_a_row_that_was_read_before_another_workers_attempt_is_not_leased():
    stale, current = put(), StaffMail.objects.get()
    assert current.claim()
    assert not stale.claim()
    StaffMail.objects.update(leased_until=None, attempts=1)
    assert not StaffMail(pk=current.pk, attempts=0).claim()
