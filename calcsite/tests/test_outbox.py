"""Sending what waits in the outbox: each message once, however many workers there are."""

from datetime import timedelta

import pytest
from django.core import mail as sent
from django.core.files.base import ContentFile
from django.utils import timezone
from post_office import mail
from post_office.models import STATUS, Attachment, Email

from calcsite import outbox
from calcsite.tests.mailservers import ANSWERS, MEMORY, PICKY
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": MEMORY}}


def put(subject: str = "Hello", to: str = "ann@clinic.example", **fields) -> Email:
    return mail.send(to, "site@clinic.example", subject=subject, message="Hello.", **fields)


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
def test_a_message_that_fails_is_tried_again_later_each_time_and_keeps_no_other_waiting(settings):
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": PICKY}}
    put(to="drops@clinic.example")
    put("Good")
    assert outbox.send_waiting() == 2
    assert [message.subject for message in sent.outbox] == ["Good"]
    failing = Email.objects.filter(status=STATUS.requeued)
    for attempt in range(1, outbox.ATTEMPTS):
        wait = outbox.WAITS[min(attempt, len(outbox.WAITS)) - 1]
        assert failing.get().number_of_retries == attempt
        assert timedelta(0) <= timezone.now() + wait - failing.get().scheduled_time < timedelta(seconds=30)
        assert outbox.send_waiting() == 0
        failing.update(scheduled_time=timezone.now())
        assert outbox.send_waiting() == 1
    assert Email.objects.get(status=STATUS.failed).logs.count() == outbox.ATTEMPTS
    assert sum(outbox.WAITS[:-1], (outbox.ATTEMPTS - len(outbox.WAITS)) * outbox.WAITS[-1]) > timedelta(hours=23)


@in_database
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("drops", STATUS.requeued),
        ("busy", STATUS.requeued),
        ("full", STATUS.requeued),
        ("stranger", STATUS.requeued),
        ("poison", STATUS.requeued),
        ("unknown", STATUS.failed),
        ("spam", STATUS.failed),
    ],
)
def test_what_a_server_refuses_for_good_is_not_repeated_and_all_else_is(settings, caplog, name, status):
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": PICKY}}
    email = put(to=f"{name}@clinic.example")
    outbox.send_waiting()
    email.refresh_from_db()
    assert (email.status, email.logs.get().exception_type) == (status, type(ANSWERS[name]).__name__)
    assert f"message {email.pk} of the outbox was not sent" in caplog.text
    assert f"{name}@" not in caplog.text
    assert [record.levelname for record in caplog.records] == ["ERROR" if name == "poison" else "WARNING"]


@in_database
def test_while_there_is_no_mail_server_nothing_is_tried(settings, caplog):
    nowhere = "django.core.mail.backends.smtp.EmailBackend"
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": nowhere}}
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    email = put()
    assert outbox.send_waiting() == 0
    assert "the mail server cannot be reached" in caplog.text
    email.refresh_from_db()
    assert (email.status, email.number_of_retries, email.scheduled_time) == (STATUS.queued, None, None)


@in_database
def test_a_round_ends_when_it_has_taken_long_and_the_next_one_goes_on():
    put()
    assert outbox.send_waiting(longest=timedelta(seconds=-1)) == 0
    assert outbox.send_waiting() == 1


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


@in_database
def test_files_without_a_row_are_deleted_and_all_others_stay():
    storage, now = Attachment.file.field.storage, timezone.now()
    email = put(attachments={"kept.ics": {"file": ContentFile(b"kept"), "mimetype": "text/calendar"}})
    storage.save("post_office_attachments/2026/1/1/stray.ics", ContentFile(b"a patient's name"))
    assert outbox.delete_stray_files(now) == 0
    assert outbox.delete_stray_files(now + outbox.BEING_WRITTEN + timedelta(minutes=1)) == 1
    assert not storage.exists("post_office_attachments/2026/1/1/stray.ics")
    with email.attachments.get().file as kept:
        assert kept.read() == b"kept"
