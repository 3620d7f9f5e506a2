"""Messages to patients: each is sent once, while it is true, without medical content."""

import email as standard
import email.policy
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments import message_kinds
from appointments.access import links
from appointments.booking import booking, records
from appointments.choices import Status
from appointments.governance import audit
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Message, PatientLink
from appointments.models.messages import UNDELIVERED_AFTER
from appointments.tests.factories import make_appointment, make_slot
from appointments.tests.mailbox import HOSTILE, calendar_of, code_in, deliver, html_of, token_in
from calcsite.errors import UserFacingError
from calcsite.mail import sending
from calcsite.mail.tests.mailservers import MEMORY, PICKY
from calcsite.models import LEASE, DeliveryStatus
from calcsite.tests import people
from calcsite.tests.racing import at_once
from conditions.tests.factories import make_condition

in_database = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
CANARIES = ["Canaryitis", "canary-reason", "canary-finding", "canary-need", "1931"]


def far_slot():
    return make_slot(starts=(timezone.now() + 20 * DAY).replace(minute=0, second=0, microsecond=0))


@in_database
def test_a_booking_sends_one_confirmation_with_a_link_and_a_file():
    appointment = make_appointment()
    (message,) = deliver()
    assert message.to == ["kim@home.example"]
    assert message.subject.startswith("Your appointment on ")
    assert "Hello Kim Example" in message.body
    assert appointment.spoken_reference in message.body
    assert token_in(message) in html_of(message)
    assert calendar_of(message)["method"] == "REQUEST"
    assert deliver() == []
    assert PatientLink.objects.count() == 1


@in_database
def test_the_confirmation_asks_to_confirm_the_address():
    make_appointment()
    assert "confirm your e-mail address" in deliver()[0].body
    appointment = make_appointment()
    records.mark(appointment=appointment, status=Status.CONFIRMED, by=audit.PATIENT)
    assert "confirm your e-mail address" not in deliver()[0].body


@in_database
def test_no_message_holds_anything_medical():
    private = {
        "condition": make_condition(name="Canaryitis"),
        "reason": "canary-reason",
        "findings": "canary-finding",
        "needs": "canary-need",
        "date_of_birth": "1931-02-03",
    }
    appointment = make_appointment(slot=far_slot(), **private)
    arrived = deliver()
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    appointment.refresh_from_db()
    queue.send_from_staff(appointment=appointment, text="Please call us.", by=people.make_person())
    arrived += deliver()
    for kind in (Message.Kind.LINK, Message.Kind.CODE):
        Message.objects.create(appointment=appointment, kind=kind)
    arrived += deliver()
    with time_machine.travel(appointment.slot.starts - DAY + timedelta(minutes=1)):
        arrived += deliver()
    booking.cancel(appointment=appointment)
    arrived += deliver()
    assert len(arrived) == 7
    for message in arrived:
        # Dates of the file are numbers: a year of birth could be found in them by chance.
        whole = message.subject + message.body + html_of(message) + message.message().as_string()
        assert [canary for canary in CANARIES[:-1] if canary in whole] == []
        # As a word: the six figures of a code can hold it by chance
        assert not re.search(r"\b1931\b", message.subject + message.body + html_of(message))


@in_database
def test_a_name_that_tries_everything_changes_nothing_but_itself():
    appointment = make_appointment(name=HOSTILE)
    clinician = appointment.slot.clinician
    clinician.name = f"Dr O'Neill & {HOSTILE}"
    clinician.save()
    booking.cancel(appointment=appointment)
    appointment = make_appointment(slot=make_slot(hours=appointment.slot.hours), name=HOSTILE)
    arrived = deliver()
    assert len(arrived) == 2
    for message in arrived:
        sent = standard.message_from_bytes(message.message().as_bytes(), policy=standard.policy.default)
        assert sent["Bcc"] is None
        assert "\nBcc:" not in message.body
        assert "{{ clinic }}{% now 'Y' %}<script>" in message.body
        assert "Dr O'Neill & Kim" in message.body
        assert "<script" not in html_of(message)
        (event,) = calendar_of(message).walk("VEVENT")
        assert str(event["summary"]).startswith("Appointment with Dr O'Neill & Kim")
        assert "attendee" in event
    appointment.refresh_from_db()
    assert appointment.name == HOSTILE


@in_database
def test_marks_of_codes_and_links_in_a_name_are_plain_text():
    make_appointment()
    make_appointment(name="[[code]] [[link]]", email="eve@home.example")
    tokens = {token_in(message) for message in deliver()}
    assert len(tokens) == 2
    booking.cancel(appointment=Appointment.objects.get(email="eve@home.example"))
    (told,) = deliver()
    assert "[[link]]" in told.body
    assert "/appointment/" not in told.body


@in_database
def test_no_column_of_a_message_holds_its_secret():
    appointment = make_appointment()
    secrets = [token_in(deliver()[0])]
    Message.objects.create(appointment=appointment, kind=Message.Kind.CODE)
    secrets.append(code_in(deliver()[0]))
    kept = str(list(Message.objects.values()))
    assert Message.objects.filter(status=DeliveryStatus.SENT).count() == len(secrets)
    assert all(secret not in kept for secret in secrets)


@in_database
def test_each_attempt_has_a_valid_link_and_a_failure_delays_no_other(settings):
    settings.MAIL_SERVER_BACKEND = PICKY
    make_appointment(email="drops@home.example")
    make_appointment()
    (message,) = deliver()
    assert links.find_link(token_in(message))
    settings.MAIL_SERVER_BACKEND = MEMORY
    Message.objects.update(next_attempt_at=None)
    (message,) = deliver()
    assert links.find_link(token_in(message))
    assert PatientLink.objects.count() == 3


@in_database
def test_a_message_whose_secret_cannot_be_made_waits_and_others_leave():
    first, second = make_appointment(), make_appointment(email="second@home.example")
    refused = Message.objects.get(appointment=first, kind="confirmation")

    def compose(message: Message) -> EmailMultiAlternatives:
        if message == refused:
            raise ValueError("no secret for this one")
        return queue.compose(message, kinds=message_kinds.KINDS)

    assert sending.send_waiting(Message.objects.all(), compose) == 2
    assert [message.to for message in mail.outbox] == [[second.email]]
    refused.refresh_from_db()
    assert (refused.status, refused.attempts, refused.leased_until) == (DeliveryStatus.WAITING, 1, None)


@in_database
def test_two_moves_before_sending_are_one_message_with_the_last_time():
    appointment = make_appointment()
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    (message,) = deliver()
    assert message.subject.startswith("New time: ")
    assert Message.objects.get(kind="confirmation").status == DeliveryStatus.DROPPED


@in_database
def test_a_cancellation_is_sent_and_no_reminder_after_it():
    appointment = make_appointment(slot=far_slot())
    deliver()
    booking.cancel(appointment=appointment)
    (message,) = deliver()
    assert message.subject.startswith("Cancelled: ")
    assert calendar_of(message)["method"] == "CANCEL"
    assert "[[" not in message.body
    with time_machine.travel(appointment.slot.starts - timedelta(hours=1)):
        assert deliver() == []
    assert not Message.objects.filter(status=DeliveryStatus.WAITING).exists()


@in_database
def test_reminders_come_a_week_and_a_day_before():
    appointment = make_appointment(slot=far_slot())
    deliver()
    for before in booking.REMINDERS:
        with time_machine.travel(appointment.slot.starts - before - timedelta(minutes=1)):
            assert deliver() == []
        with time_machine.travel(appointment.slot.starts - before + timedelta(minutes=1)):
            (message,) = deliver()
            assert message.subject.startswith("Reminder: ")


@in_database
def test_late_reminders_are_merged_and_none_is_sent_for_the_past():
    first, second = make_appointment(slot=far_slot()), make_appointment(slot=far_slot())
    deliver()
    with time_machine.travel(first.slot.starts - timedelta(hours=2)):
        assert len(deliver()) == 2
    booking.cancel(appointment=second)
    deliver()
    third = make_appointment(slot=far_slot())
    deliver()
    with time_machine.travel(third.slot.starts + timedelta(minutes=1)):
        assert deliver() == []


@in_database
def test_an_appointment_without_an_address_is_done_without_a_message():
    make_appointment(email="")
    assert deliver() == []
    assert not Message.objects.due().exists()


@in_database
def test_a_message_that_cannot_be_composed_keeps_no_other_waiting_and_is_reported():
    poison = make_appointment(email="no address")
    make_appointment()
    assert len(deliver()) == 1
    assert not Message.objects.failed().exists()
    message = Message.objects.get(appointment=poison, kind="confirmation")
    assert list(Message.objects.failed(timezone.now() + 2 * UNDELIVERED_AFTER)) == [message]


def attempt_at(moment: datetime) -> int:
    with time_machine.travel(moment, tick=False):
        return message_kinds.send_waiting()


@in_database
def test_a_message_that_cannot_be_composed_is_tried_later_each_time_until_it_can():
    now = timezone.now()
    poison = make_appointment(slot=far_slot(), email="no address", at=now)
    tried = [
        minute
        for minute in range(5 * 60)
        if Message.objects.due(now + minute * MINUTE).exists() and attempt_at(now + minute * MINUTE) == 1
    ]
    assert tried == [0, 1, 6, 21, 61, 121, 181, 241]
    assert mail.outbox == []
    records.correct_details(appointment=poison, details={"email": "kim@home.example"}, by=people.make_person())
    assert {message.to[0] for message in deliver()} == {"kim@home.example"}


@in_database
@pytest.mark.parametrize(
    ("state", "waited"),
    [
        ({"status": DeliveryStatus.REFUSED}, timedelta(0)),
        ({"attempts": 1}, UNDELIVERED_AFTER),
        ({}, UNDELIVERED_AFTER),
        ({"status": DeliveryStatus.EXPIRED}, timedelta(0)),
    ],
)
def test_an_undelivered_message_is_on_the_worklist_until_it_is_handled(state, waited):
    make_appointment()
    assert not Message.objects.failed().exists()
    Message.objects.filter(kind="confirmation").update(**state, due_at=timezone.now() - waited)
    message = Message.objects.failed().get()
    ann, ben = people.make_person(), people.make_person()
    queue.acknowledge(message=message, by=ann)
    queue.acknowledge(message=message, by=ben)
    message.refresh_from_db()
    assert (message.handled_by, Message.objects.failed().count()) == (ann, 0)
    assert AuditEntry.objects.filter(by=ann, action="messaged").count() == 1


@in_database
def test_staff_write_to_a_patient():
    appointment, ann = make_appointment(), people.make_person()
    deliver()
    queue.send_from_staff(appointment=appointment, text="  Bring water.\nPlease <b>call</b>. ", by=ann)
    (message,) = deliver()
    assert "Bring water.\nPlease <b>call</b>." in message.body
    assert "Please &lt;b&gt;call" in html_of(message)
    assert AuditEntry.objects.filter(appointment=appointment, by=ann, action="messaged").exists()


@in_database
@pytest.mark.parametrize(("text", "address"), [(" ", "kim@home.example"), ("x" * 3001, "kim@home.example"), ("x", "")])
def test_a_staff_message_needs_a_text_and_a_recipient(text, address):
    appointment = make_appointment(email=address)
    with pytest.raises(UserFacingError):
        queue.send_from_staff(appointment=appointment, text=text, by=people.make_person())
    assert not Message.objects.filter(kind="staff").exists()


@in_database
def test_times_are_told_in_the_zone_of_the_patient_and_of_the_clinic():
    starts = (timezone.now() + 20 * DAY).replace(hour=15, minute=0, second=0, microsecond=0)
    make_appointment(slot=make_slot(starts=starts), time_zone="America/New_York")
    make_appointment(slot=make_slot(starts=starts), time_zone="Not/AZone")
    first, second = deliver()
    assert "New York time" in first.body
    assert "London time" in first.body
    assert "London time" in second.body


@in_database
def test_the_links_of_an_address_are_sent_to_it_and_the_address_is_forgotten():
    appointment = make_appointment(email="Kim@Home.example")
    make_appointment(email="other@home.example")
    old = token_in(deliver()[0])
    Message.objects.create(kind=Message.Kind.LINK, text="kim@home.example")
    Message.objects.create(kind=Message.Kind.LINK, text="nobody@home.example")
    (message,) = deliver()
    assert message.to == [appointment.email]
    assert token_in(message) != old
    assert PatientLink.objects.filter(appointment=appointment, ended_at=None).count() == 1
    assert set(Message.objects.filter(appointment=None).values_list("text", flat=True)) == {""}


def test_workers_at_once_send_each_message_once(committed):
    emails = [f"patient-{number}@home.example" for number in range(6)]
    for address in emails:
        make_appointment(email=address)
    at_once(*[message_kinds.send_waiting] * 4)
    assert sorted(message.to[0] for message in mail.outbox) == emails
    assert not Message.objects.due().exists()


@in_database
def test_links_and_codes_leave_before_older_messages():
    appointment = make_appointment()
    for kind in (Message.Kind.LINK, Message.Kind.CODE):
        Message.objects.create(appointment=appointment, kind=kind)
    subjects = [message.subject.split(" on ")[0] for message in deliver()]
    assert subjects == ["Your link to your appointment", "Your code", "Your appointment"]


@in_database
def test_a_reminder_not_sent_in_time_is_on_the_list_of_failed_messages():
    appointment = make_appointment(slot=far_slot())
    deliver()
    with time_machine.travel(appointment.slot.starts + timedelta(minutes=1)):
        assert deliver() == []
        assert [message.days_before for message in Message.objects.failed()] == [1]
        assert Message.objects.get(days_before=7).status == DeliveryStatus.DROPPED


@in_database
def test_a_message_of_a_worker_that_died_is_sent_after_the_lease_with_the_same_id():
    make_appointment()
    message = Message.objects.get(kind="confirmation")
    assert message.claim()
    lost = queue.compose(message, kinds=message_kinds.KINDS)
    assert deliver() == []
    with time_machine.travel(timezone.now() + LEASE):
        (arrived,) = deliver()
    assert arrived.extra_headers["Message-ID"] == lost.extra_headers["Message-ID"] == message.message_id


@in_database
@pytest.mark.parametrize("fields", [{"sequence": 0}, {"sequence": 0, "days_before": 1, "kind": "reminder"}])
def test_a_message_is_written_once(fields):
    about = {"appointment": make_appointment(slot=far_slot()), "kind": "confirmation"} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(**about)
