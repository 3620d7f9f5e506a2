"""Medical pages open with a code, for the link that it was entered for, and for some hours."""

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from appointments.access import links
from appointments.access.decorators import READING_TIME, WRITING_TIME, with_code
from appointments.models import Appointment
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.factories import make_appointment
from appointments.tests.mailbox import code_in, deliver

pytestmark = pytest.mark.django_db


@with_code
def medical(request, appointment: Appointment) -> HttpResponse:
    return HttpResponse(f"medical about {appointment.reference}")


def the_code() -> str:
    return code_in(next(email for email in deliver() if "code" in email.subject.lower()))


def visit(client: Client, method: str = "get") -> HttpResponse:
    request = getattr(RequestFactory(), method)("/appointment/medicines/")
    request.session = client.session
    return medical(request)


def test_without_a_code_one_is_asked_for_and_leads_back():
    appointment = make_appointment()
    client = come_in(appointment)
    asked = visit(client)
    assert (asked.status_code, asked["Location"]) == (302, url("confirm") + "?next=%2Fappointment%2Fmedicines%2F")
    assert "about your health" in client.get(asked["Location"]).text
    sent = client.post(url("send_code"), {"next": "/appointment/medicines/"})
    page = client.get(sent["Location"])
    assert "six figures" in page.text
    entered = client.post(sent["Location"], {"code": the_code()})
    assert entered["Location"] == "/appointment/medicines/"
    assert visit(client).text == f"medical about {appointment.reference}"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/admin/", "javascript:alert(1)", ""])
def test_a_code_leads_nowhere_else(target):
    client = come_in(make_appointment())
    client.post(url("send_code"))
    entered = client.post(url("confirm"), {"code": the_code(), "next": target})
    assert entered["Location"] == url("home")


def test_a_code_opens_one_appointment_and_ends_with_its_link():
    mine, other = make_appointment(), make_appointment()
    client = come_in_with_code(mine)
    theirs = come_in(other)
    assert visit(theirs).status_code == 302
    session = theirs.session
    session["appointment_code"] = client.session["appointment_code"]
    session.save()
    assert visit(theirs).status_code == 302
    mine.links.update(ended_at=timezone.now())
    assert visit(client).status_code == 403


def test_a_code_lasts_some_hours_and_a_form_under_way_can_still_be_sent():
    client = come_in_with_code(make_appointment())
    with time_machine.travel(timezone.now() + READING_TIME + timedelta(minutes=1)):
        assert visit(client).status_code == 302
        assert visit(client, "post").status_code == 200
    with time_machine.travel(timezone.now() + WRITING_TIME - timedelta(minutes=1)):
        assert visit(client, "post").status_code == 200
    with time_machine.travel(timezone.now() + WRITING_TIME + timedelta(minutes=1)):
        assert visit(client, "post").status_code != 200


def test_a_code_opens_past_appointments_too():
    appointment = make_appointment()
    with time_machine.travel(appointment.slot.ends + timedelta(days=30)):
        client = come_in(appointment)
        client.post(url("send_code"))
        assert client.post(url("confirm"), {"code": the_code()}).status_code == 302
        assert visit(client).status_code == 200


def test_a_pending_code_is_awaited_and_an_old_one_is_replaced():
    client = come_in(make_appointment())
    nothing = client.post(url("confirm"), {"code": "123456"}).text
    assert "does not work any more" in nothing
    client.post(url("send_code"))
    assert "We are still sending your code" in client.post(url("confirm"), {"code": "123456"}).text
    code = the_code()
    client.post(url("confirm"), {"code": code})
    assert "does not work any more" in client.post(url("confirm"), {"code": code}).text
    client.post(url("send_code"))
    assert "We are still sending your code" in client.post(url("confirm"), {"code": code}).text


def test_a_code_can_be_entered_after_leaving_its_page():
    client = come_in(make_appointment())
    client.post(url("send_code"))
    enter = f'href="{url("confirm")}?sent=1'
    assert enter in client.get(url("home")).text
    for _ in range(links.CODES_AN_HOUR - 1):
        client.post(url("send_code"))
    page = client.post(url("send_code"), {"next": url("medicines")}).text
    assert f'{enter}&amp;next=/appointment/medicines/"' in page
    assert "Back to your appointment" in page
    assert 'name="code"' in client.get(f"{url('confirm')}?sent=1").text
