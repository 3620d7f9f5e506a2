"""An e-mail to an unconfirmed address carries no words of the person who booked."""

import pytest

from appointments.booking import booking, records
from appointments.choices import Status
from appointments.governance import audit
from appointments.scheduling.local_times import one_line
from appointments.tests.factories import make_appointment
from appointments.tests.mailbox import HOSTILE, deliver, html_of

pytestmark = pytest.mark.django_db
SPAM = [
    "Win at http://evil.example",
    "Win at evil.example now",
    "Win: WWW evil example",
    "Win ｅｖｉｌ．ｅｘａｍｐｌｅ",
    "Win 赢。中国",
    "Write to eve@evil",
    "Call 0900 12 34",
    "You have won a great deal of money and only have to do one thing",
]
NAMES = ["李", "O'Neill", "Dr. Jean-Luc St. John", "J.R.R. Tolkien", "عائشة بنت أحمد", "Kim 3rd", "Zoë \U0001f9b4"]


@pytest.mark.parametrize("name", SPAM)
@pytest.mark.parametrize("who", ["name", "carer_name"])
def test_a_name_with_a_link_or_a_story_is_not_sent_to_an_unconfirmed_address(name, who):
    appointment = make_appointment(**{who: name})
    booking.cancel(appointment=make_appointment(**{who: name}))
    arrived = deliver()
    assert len(arrived) == 2
    for message in arrived:
        assert message.body.startswith("Hello,\n")
        assert "<p>Hello,</p>" in html_of(message)
        (file,) = message.attachments
        everything = f"{message.message().as_string()}{message.body}{html_of(message)}{file}"
        assert name not in everything
        assert "evil" not in everything.lower()
    appointment.refresh_from_db()
    assert getattr(appointment, who) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_any_script_is_greeted(name):
    make_appointment(name=name)
    assert deliver()[0].body.startswith(f"Hello {name},\n")


@pytest.mark.parametrize("name", [SPAM[1], HOSTILE])
def test_a_confirmed_address_is_greeted_by_the_name_as_typed_on_one_line(name):
    appointment = make_appointment(name=name)
    records.mark(appointment=appointment, status=Status.CONFIRMED, by=audit.PATIENT)
    (message,) = deliver()
    assert message.body.startswith(f"Hello {one_line(name)},\n")
    assert "<script" not in html_of(message)
    assert message.message()["Bcc"] is None
