"""Actions of staff from outdated pages, and the admin after time has passed."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, records
from appointments.choices import Status
from appointments.models import Appointment, AuditEntry, Clinician
from appointments.privacy import retention
from appointments.tests.factories import make_appointment, make_slot
from appointments.tests.mailbox import deliver
from calcsite.tests import people
from conditions.models import Condition

pytestmark = pytest.mark.django_db
LIST = "/admin/appointments/appointment/"


@pytest.fixture
def desk() -> Client:
    client = Client()
    people.sign_in(client, people.make_person("Booking coordinator", username="bea"))
    return client


class Fields(HTMLParser):
    """The values that a browser sends of an untouched form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent, self.open = {}, ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        found = dict(attrs)
        is_off = found.get("type") in {"checkbox", "radio"} and "checked" not in found
        if tag in {"textarea", "select"}:
            self.open = found["name"]
            self.sent.setdefault(self.open, "")
        elif tag == "option" and "selected" in found and self.open:
            self.sent[self.open] = found["value"]
        elif tag == "input" and "name" in found and not is_off:
            self.sent[found["name"]] = found.get("value", "on" if found.get("type") == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self.open and self.lasttag == "textarea":
            self.sent[self.open] += data.removeprefix("\n").replace("\n", "\r\n")

    def handle_endtag(self, tag: str) -> None:
        self.open = "" if tag in {"textarea", "select"} else self.open


def shown(desk: Client, appointment: Appointment) -> dict[str, str]:
    page = desk.get(f"{LIST}{appointment.pk}/details/").text
    return Fields(page.partition('class="step"')[2]).sent


def correct(desk: Client, appointment: Appointment, fields: dict[str, str]) -> Appointment:
    assert desk.post(f"{LIST}{appointment.pk}/details/", fields).status_code == 302
    return Appointment.objects.get(pk=appointment.pk)


def test_an_untouched_form_changes_nothing(desk):
    about = Condition.objects.create(name="Gout", slug="gout")
    said = {"reason": "First\nSecond\n\nThird", "needs": "A ramp", "needs_interpreter": True}
    appointment = make_appointment(**said, date_of_birth="1980-03-31", condition=about)
    before = Appointment.objects.filter(pk=appointment.pk).values().get()
    correct(desk, appointment, shown(desk, appointment))
    assert Appointment.objects.filter(pk=appointment.pk).values().get() == before
    assert not AuditEntry.objects.filter(action="changed").exists()


def test_a_new_number_keeps_a_condition_that_is_no_longer_public(desk):
    about = Condition.objects.create(name="Gout", slug="gout")
    appointment = make_appointment(condition=about)
    fields = shown(desk, appointment)
    assert fields["condition"] == str(about.pk)
    corrected = correct(desk, appointment, fields | {"telephone": "01632 960 999"})
    assert (corrected.telephone, corrected.condition) == ("01632 960 999", about)
    assert correct(desk, appointment, fields | {"condition": ""}).condition is None


def test_concurrent_corrections_of_different_fields_are_both_made(desk, admin_user):
    appointment = make_appointment(email="old@home.example")
    fields = shown(desk, appointment)
    records.correct_details(appointment=appointment, details={"email": "new@home.example"}, by=admin_user)
    corrected = correct(desk, appointment, fields | {"telephone": "01632 960 999"})
    assert (corrected.telephone, corrected.email) == ("01632 960 999", "new@home.example")


def test_an_appointment_moved_meanwhile_is_not_cancelled_unseen(desk):
    appointment = make_appointment()
    address = f"{LIST}{appointment.pk}/cancel/"
    fields = Fields(desk.get(address).text.partition('class="step"')[2]).sent
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours))
    told = desk.post(address, fields)
    assert "was changed meanwhile" in told.text
    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED
    now_seen = Fields(told.text.partition('class="step"')[2]).sent
    assert desk.post(address, now_seen).status_code == 302
    appointment.refresh_from_db()
    assert appointment.status == Status.CANCELLED


def test_a_sent_message_is_shown_as_sent_after_mail_is_kept_no_longer(admin_user):
    appointment = make_appointment()
    deliver()
    sent = appointment.messages.get(kind="confirmation")
    retention.clean_up(at=timezone.now() + timedelta(days=31))
    sent.refresh_from_db()
    assert (sent.status, sent.sent_at is None) == ("sent", False)
    desk = Client()
    people.sign_in(desk, admin_user)  # sessions are cleaned up too
    page = desk.get(f"{LIST}{appointment.pk}/change/")
    assert {one["message"].kind: one["state"] for one in page.context["sent"]}["confirmation"] == "Sent"


@pytest.fixture
def feed() -> tuple[Clinician, str]:
    clinician = Clinician.objects.create(name="Dr Ashe", slug="ashe", user=people.make_person("Clinician"))
    from_them = Client()
    people.sign_in(from_them, clinician.user)
    page = from_them.post(f"{LIST}feed/renew/").text
    return clinician, page.split('value="http://127.0.0.1:8000')[1].split('"')[0]


def test_a_calendar_address_ends_with_the_role(feed):
    clinician, address = feed
    assert Client().get(address).status_code == 200
    clinician.user.groups.clear()
    assert Client().get(address).status_code == 404


def test_a_calendar_address_ends_when_the_clinician_gets_another_account(feed):
    clinician, address = feed
    Clinician.objects.filter(pk=clinician.pk).update(user=people.make_person("Clinician"))
    assert Client().get(address).status_code == 404
