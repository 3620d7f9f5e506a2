"""After the appointment the patient still comes back, to their opinion and recovery: as long as a link may live."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking, records
from appointments.choices import Status
from appointments.models import Appointment, Message
from appointments.models.appointments import REACHABLE
from appointments.tests.factories import make_appointment
from appointments.tests.mailbox import deliver, token_in
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)


@pytest.fixture
def appointment() -> Appointment:
    appointment = make_appointment()
    deliver()
    Message.objects.all().delete()
    return appointment


def last_day(appointment: Appointment) -> datetime:
    return appointment.slot.starts + REACHABLE


@pytest.mark.parametrize("status", [Status.BOOKED, Status.COMPLETED, Status.MISSED])
def test_staff_send_a_new_link_long_after_the_appointment(appointment, coordinator, status):
    Appointment.objects.update(status=status)
    with time_machine.travel(last_day(appointment) - SECOND):
        records.reissue_link(appointment=appointment, by=coordinator)
        (message,) = deliver()
        assert links.find_link(token_in(message)).appointment == appointment


def test_no_link_is_sent_for_long_past_or_cancelled_appointments(appointment, coordinator):
    with pytest.raises(UserFacingError, match="would lead nowhere"):
        records.reissue_link(appointment=appointment, by=coordinator, at=last_day(appointment))
    booking.cancel(appointment=appointment)
    with pytest.raises(UserFacingError, match="would lead nowhere"):
        records.reissue_link(appointment=appointment, by=coordinator)
    assert not Message.objects.filter(kind="link").exists()


def test_an_address_that_is_corrected_after_the_appointment_gets_a_link(appointment, coordinator):
    with time_machine.travel(appointment.slot.starts + YEAR):
        details = {"email": "new@home.example"}
        records.correct_details(appointment=appointment, details=details, by=coordinator)
        (message,) = deliver()
        assert message.to == ["new@home.example"]
        assert links.find_link(token_in(message))


def test_the_button_is_there_as_long_as_it_does_something(appointment, coordinator):
    path = reverse("admin:appointments_appointment_change", args=[appointment.pk])
    for at, is_there in [(last_day(appointment) - SECOND, True), (last_day(appointment), False)]:
        with time_machine.travel(at):
            client = Client()
            people.sign_in(client, coordinator)
            assert ("Send a new link" in client.get(path).text) == is_there


@pytest.mark.parametrize("after", [timedelta(0), -timedelta.resolution])
def test_one_row_is_reachable_as_long_as_a_list_has_it(appointment, after):
    at = last_day(appointment) + after
    assert appointment.is_reachable(at) == Appointment.objects.reachable(at).exists() == bool(after)
    booking.cancel(appointment=appointment)
    appointment.refresh_from_db()
    assert not appointment.is_reachable(timezone.now())
