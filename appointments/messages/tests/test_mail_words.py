"""The words of e-mails: how the appointment takes place, the next step, and the reply address."""

import email as standard
import email.policy
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from appointments.choices import Mode
from appointments.models import Appointment
from appointments.tests.clients import come_in, url
from appointments.tests.factories import make_appointment, make_slot
from appointments.tests.mailbox import deliver, html_of, token_in
from calcsite.models import ClinicDetails

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOW = {
    Mode.TELEPHONE: "By telephone. The specialist calls you on 01632 960 001.",
    Mode.VIDEO: "By video call. Before the day we tell you how to join.",
    Mode.IN_PERSON: "In person, at Main building, 1 Example Street.",
}


@pytest.mark.parametrize("mode", Mode.values)
def test_every_e_mail_and_the_patients_page_say_how_it_happens_in_the_same_words(mode):
    appointment = make_appointment(slot=make_slot(starts=timezone.now() + 20 * DAY))
    Appointment.objects.update(mode=mode)
    arrived = deliver()
    with time_machine.travel(appointment.slot.starts - DAY + timedelta(minutes=1)):
        arrived += deliver()
    assert [email.subject.split(":")[0] for email in arrived][1:] == ["Reminder"]
    shown = [words for email in arrived for words in (email.body, html_of(email))]
    for text in [*shown, come_in(appointment).get(url("home")).text]:
        assert HOW[mode] in text
    for text in (arrived[1].body, html_of(arrived[1])):
        assert "cannot come" not in text
        assert ("told you how to join" in text) == (mode == Mode.VIDEO)


def test_a_number_that_is_not_known_is_not_read_out():
    make_appointment(telephone="")
    Appointment.objects.update(mode=Mode.TELEPHONE)
    assert "The specialist calls you on the number that you gave us." in deliver()[0].body


def test_the_text_points_to_the_link_and_not_to_the_file():
    make_appointment()
    (email,) = deliver()
    token = token_in(email)
    for text in (email.body, html_of(email)):
        places = [text.index(words) for words in (token, "confirm your e-mail address", "The file with this e-mail")]
        assert places == sorted(places)


def test_the_confirmation_explains_preparation_records_and_cost():
    appointment = make_appointment()
    (email,) = deliver()
    for text in (email.body, html_of(email)):
        assert "To get ready, choose “Get ready” there." in " ".join(text.split())
        assert "Send us your records and images" in text
        assert "what the second opinion costs" in text
    home = come_in(appointment).get(url("home")).text
    assert f'href="{url("preparation")}">Get ready</a>' in home
    assert f'<a href="{url("documents")}">Send us your records and images</a>' in home
    assert "what the second opinion costs" in home


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("no-reply@clinic.example", ("Dr Ä, O'Neill Co", "no-reply@clinic.example")),
        ("Front desk <desk@clinic.example>", ("Front desk", "desk@clinic.example")),
    ],
)
def test_an_e_mail_is_from_the_clinic_by_name_and_an_answer_reaches_it(settings, sender, expected):
    settings.DEFAULT_FROM_EMAIL = sender
    clinic = ClinicDetails.current()
    clinic.name, clinic.email = 'Dr Ä, "O\'Neill"\r\n <Co>', "hello@clinic.example"
    clinic.save()
    make_appointment()
    (message,) = deliver()
    sent = standard.message_from_bytes(message.message().as_bytes(), policy=standard.policy.default)
    (address,) = sent["From"].addresses
    assert (" ".join(address.display_name.split()), address.addr_spec) == expected
    assert sent["Reply-To"] == "hello@clinic.example"
    assert "You can answer this e-mail." in message.body
