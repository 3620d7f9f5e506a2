"""Secrets go to their patient only, however long a message waited."""

import re
import threading
from time import sleep

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from appointments import message_kinds
from appointments.access import links
from appointments.booking import booking, records
from appointments.choices import Status
from appointments.messages import queue
from appointments.models import Appointment, Message, PatientLink
from appointments.scheduling import local_times
from appointments.tests.factories import make_appointment, make_slot
from appointments.tests.mailbox import code_in, deliver, token_in
from calcsite.errors import UserFacingError
from calcsite.mail import sending
from calcsite.mail.tests.mailservers import NOWHERE, QUOTING
from calcsite.models import DeliveryStatus
from calcsite.tests import people

in_database = pytest.mark.django_db
NEW = "new@home.example"


def make_waiting(**details) -> Appointment:
    """An appointment whose confirmation waits, while the mail server is away."""
    appointment = make_appointment(**details)
    while_the_server_is_away()
    return appointment


@override_settings(MAIL_SERVER_BACKEND=NOWHERE, EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def while_the_server_is_away() -> None:
    assert message_kinds.send_waiting() == 0


def correct(appointment: Appointment, email: str = NEW) -> None:
    records.correct_details(appointment=appointment, details={"email": email}, by=people.make_person())


def put_off() -> None:
    """One attempt has failed, and the next one is due."""
    Message.objects.update(attempts=1, next_attempt_at=timezone.now())


@in_database
def test_a_delayed_confirmation_does_not_open_a_cancelled_appointment():
    booking.cancel(appointment=make_waiting())
    (message,) = deliver()
    assert message.subject.startswith("Cancelled: ")
    assert not PatientLink.objects.exists()
    assert Message.objects.get(kind="confirmation").status == DeliveryStatus.DROPPED


@in_database
def test_a_message_delayed_by_a_move_does_not_have_the_old_time():
    appointment, staff = make_waiting(), people.make_person()
    queue.send_from_staff(appointment=appointment, text="Bring your list", by=staff)
    links.ask_for_code(appointment)
    booking.reschedule(appointment=moved_once(appointment), slot=make_slot(hours=appointment.slot.hours))
    arrived = deliver()
    assert sorted(message.subject.split(":")[0] for message in arrived) == [
        "A message about your appointment",
        "New time",
        "Your code",
    ]
    now = local_times.readings(Appointment.objects.get())[0]
    assert all(f"{now.day}, {now.starts}" in message.body for message in arrived if "code" not in message.subject)


def moved_once(appointment: Appointment) -> Appointment:
    """Moved before, by which a message about that waits too, and a reminder."""
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    Message.objects.filter(kind="reminder").update(due_at=timezone.now())
    while_the_server_is_away()
    return Appointment.objects.get(pk=appointment.pk)


@in_database
def test_a_message_rendered_during_a_move_does_not_have_the_old_time():
    appointment = make_waiting()
    Appointment.objects.filter(pk=appointment.pk).update(sequence=1, slot=make_slot())
    assert deliver() == []
    assert Message.objects.get(kind="confirmation").status == DeliveryStatus.DROPPED


@in_database
def test_a_delayed_message_goes_to_the_corrected_address():
    appointment = make_waiting(email="wrong@home.example")
    put_off()
    correct(appointment)
    arrived = deliver()
    assert [message.to for message in arrived] == [[NEW], [NEW]]
    assert all(links.find_link(token_in(message)) for message in arrived)


@in_database
@pytest.mark.parametrize(
    ("change", "told"),
    [({"email": NEW}, [[NEW]]), ({"status": Status.CANCELLED, "cancelled_at": timezone.now()}, [])],
)
def test_a_secret_is_made_for_the_state_at_sending(change, told):
    """However it was changed: nothing is taken back."""
    make_waiting()
    Appointment.objects.update(**change)
    assert message_kinds.send_waiting() == 1
    assert [message.to for message in mail.outbox] == told
    assert PatientLink.objects.count() == len(told)
    assert deliver() == []


@in_database
def test_a_code_that_went_to_another_address_is_no_good_any_more():
    appointment = make_appointment(email="wrong@home.example")
    deliver()
    links.ask_for_code(appointment)
    code = code_in(deliver()[0])
    correct(appointment)
    appointment.refresh_from_db()
    with pytest.raises(UserFacingError, match="does not work any more"):
        links.check_code(appointment, code)
    Appointment.objects.update(email="first@home.example")
    appointment.refresh_from_db()
    code = links.make_code(appointment)
    Appointment.objects.update(email=NEW)
    appointment.refresh_from_db()
    with pytest.raises(UserFacingError, match="not the code"):
        links.check_code(appointment, code)


@in_database
@pytest.mark.parametrize("ending", [lambda row: booking.cancel(appointment=row), correct])
def test_a_code_that_waits_is_never_sent_once_it_is_of_no_use(ending):
    appointment = make_appointment(email="wrong@home.example")
    deliver()
    links.ask_for_code(appointment)
    while_the_server_is_away()
    ending(appointment)
    assert [message for message in deliver() if "code" in message.subject.lower()] == []
    assert not appointment.codes.exists()


@in_database
def test_a_code_sent_to_another_address_confirms_nothing():
    read_before = make_appointment()
    correct(Appointment.objects.get())
    with pytest.raises(UserFacingError, match="changed meanwhile"):
        records.mark(appointment=read_before, status=Status.CONFIRMED, by="the patient")


@in_database
def test_a_staff_message_is_sent_without_a_link_after_the_appointment():
    appointment = make_appointment()
    deliver()
    queue.send_from_staff(appointment=appointment, text="The lift is broken.", by=people.make_person())
    while_the_server_is_away()
    booking.cancel(appointment=appointment)
    bodies = [message.body for message in deliver()]
    assert len(bodies) == 2
    assert [body for body in bodies if "The lift is broken." in body and "/appointment/" not in body]


@in_database
def test_a_message_withdrawn_during_sending_delays_no_other():
    make_waiting()
    make_waiting(email=NEW)

    def compose(message: Message) -> EmailMultiAlternatives:
        if message.appointment.email != NEW:
            Message.objects.filter(pk=message.pk).delete()
            raise ConnectionError("the server went away")
        return queue.compose(message, kinds=message_kinds.KINDS)

    assert sending.send_waiting(Message.objects.all(), compose) == 2
    assert [message.to for message in mail.outbox] == [[NEW]]


def test_a_correction_that_is_being_made_is_waited_for(committed):
    make_waiting(email="wrong@home.example")
    begun = threading.Event()

    def correct_slowly() -> None:
        try:
            with transaction.atomic():
                Appointment.objects.update(email=NEW)
                begun.set()
                sleep(0.3)  # in which the worker comes to the message
        finally:
            connection.close()

    staff = threading.Thread(target=correct_slowly)
    staff.start()
    assert begun.wait(10)
    message_kinds.send_waiting()
    staff.join()
    assert [message.to for message in mail.outbox] == [[NEW]]
    assert PatientLink.objects.count() == 1


@in_database
@pytest.mark.parametrize("kind", ["confirmation", "code"])
def test_a_refusal_that_repeats_a_secret_is_kept_without_it(settings, caplog, kind):
    appointment = make_appointment()
    if kind == "code":
        deliver()
        links.ask_for_code(appointment)
    secrets = []

    def compose(message: Message) -> EmailMultiAlternatives:
        email = queue.compose(message, kinds=message_kinds.KINDS)
        secrets.append(re.search(r"/appointment/([\w-]{43})/|^(\d{6})$", email.body, re.MULTILINE))
        return email

    settings.MAIL_SERVER_BACKEND = QUOTING
    sending.send_waiting(Message.objects.all(), compose)
    (found,) = secrets
    error = Message.objects.get(kind=kind).last_error
    assert "looks like spam" in error
    for kept in (error, caplog.text):
        assert (found[1] or found[2])[:20] not in kept


@in_database
def test_a_code_that_is_taken_back_while_it_is_leased_is_not_sent():
    appointment = make_appointment(email="wrong@home.example")
    deliver()
    links.ask_for_code(appointment)

    def compose(message: Message) -> EmailMultiAlternatives | None:
        correct(appointment)
        return queue.compose(message, kinds=message_kinds.KINDS)

    assert sending.send_waiting(Message.objects.filter(kind="code"), compose) == 1
    assert not appointment.codes.exists()
    assert Message.objects.get(kind="code").status == DeliveryStatus.DROPPED


@in_database
def test_a_code_that_could_not_be_sent_for_an_hour_is_not_sent_any_more():
    links.ask_for_code(make_waiting())
    Message.objects.filter(kind="code").update(created_at=timezone.now() - links.CODE_AWAITED)
    assert [message.subject for message in deliver() if "code" in message.subject.lower()] == []


def test_one_worker_at_a_time_has_a_message(committed):
    make_appointment()
    held, stale = (Message.objects.get(kind="confirmation") for _ in range(2))
    assert held.claim()
    assert not stale.claim()
    assert deliver() == []
