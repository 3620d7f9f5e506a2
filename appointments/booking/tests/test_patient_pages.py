"""A patient's own pages, as a browser asks for them."""

import logging
import re
from datetime import timedelta
from urllib.parse import quote

import icalendar
import pytest
import time_machine
from django.apps import apps
from django.test import Client
from django.utils import timezone

from appointments.access import links
from appointments.booking import booking, records
from appointments.choices import Status
from appointments.models import Appointment, AuditEntry, Message, PatientLink
from appointments.patient_urls import urlpatterns
from appointments.tests.clients import come_in, url
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.mailbox import HOSTILE, code_in, deliver, token_in
from conditions.tests.factories import make_condition

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGES = ["home", "times", "cancel", "confirm", "calendar", "waiting", "offer"]
FOR_ALL = ["link", "link_sent", "cancelled"]


def rows() -> dict[str, int]:
    """How many rows there are of everything but sessions, which a form's token may begin."""
    return {model._meta.label: model.objects.count() for model in apps.get_models()}


def test_the_link_in_the_e_mail_leads_to_the_appointment():
    appointment = make_appointment()
    client, token = Client(), token_in(deliver()[0])
    page = client.get(url("arrive", token))
    assert "Open my appointment" in page.text
    page = client.post(url("open"), {"token": token}, follow=True)
    assert page.redirect_chain == [(url("home"), 302)]
    assert appointment.spoken_reference in page.text
    assert str(appointment.slot.clinician) in page.text
    assert AuditEntry.objects.filter(appointment=appointment, action="entered", actor="the patient").count() == 1


def test_scanners_that_open_a_link_and_all_pages_change_nothing():
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours, starts=timezone.now() + 20 * DAY))
    free = make_slot(hours=hours)
    token = links.make_link(appointment)
    client = come_in(appointment)
    before = rows()
    addresses = [url("arrive", token), url("move", free.pk), *map(url, PAGES), *map(url, FOR_ALL)]
    for address in addresses:
        assert client.get(address).status_code == 200
        assert client.head(address).status_code == 200
    for address in map(url, ["open", "send_code", "close"]):
        assert client.get(address).status_code == 405
    for method in (client.post, client.put, client.delete, client.options):
        assert method(url("arrive", token)).status_code == 200
    assert rows() == before
    appointment.refresh_from_db()
    assert (appointment.status, appointment.sequence) == (Status.BOOKED, 0)


def test_the_token_is_in_no_log_no_referrer_and_no_page_but_the_first(caplog):
    caplog.set_level(logging.DEBUG)
    appointment = make_appointment()
    token = token_in(deliver()[0])
    client = Client(enforce_csrf_checks=True)
    for method in (client.get, client.post, client.put):
        response = method(url("arrive", token))
        assert response["Referrer-Policy"] == "strict-origin"
    assert "Open my appointment" in client.get(url("arrive", token) + ").").text
    assert client.post(url("open"), {"token": token}).status_code == 403
    client.get(url("arrive", token[:-1]))
    home = come_in(appointment).get(url("home"))
    assert token not in home.text
    assert any("CSRF" in record.getMessage() for record in caplog.records)
    assert token[:20] not in "".join(record.getMessage() for record in caplog.records)
    assert PatientLink.objects.filter(digest__contains=token[:8]).count() == 0


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_gets_the_same_page_at_every_address(name):
    appointment = make_appointment()
    stranger, guest = Client(), Client()
    guest.get(url("link"))
    page = stranger.get(url(name))
    assert page.status_code == 403
    assert page.content == guest.get(url("home")).content == guest.get(url("move", appointment.slot_id)).content
    assert "You need the link from our e-mail" in page.text
    for address in (url("move", make_slot().pk), url("cancel"), url("waiting"), url("offer"), url("send_code")):
        assert stranger.post(address, {"send": "1"}).content == page.content
    appointment.refresh_from_db()
    assert (appointment.status, appointment.sequence) == (Status.BOOKED, 0)


def test_one_patient_sees_nothing_of_another():
    hours = make_hours()
    first = make_appointment(slot=make_slot(hours=hours), name="First", email="first@home.example")
    second = make_appointment(slot=make_slot(hours=hours), name="Second", email="second@home.example")
    for patient, other in ((first, second), (second, first)):
        client = come_in(patient)
        for name in PAGES:
            text = client.get(url(name)).text
            assert other.reference not in text
            assert other.spoken_reference not in text
            assert other.email not in text


@pytest.mark.parametrize("name", [*PAGES, *FOR_ALL])
def test_no_page_is_cached_or_indexed(name):
    response = come_in(make_appointment()).get(url(name))
    assert response["Cache-Control"] == "private, no-store"
    assert "noindex" in response.get("X-Robots-Tag", "") + response.text
    assert Client().get(url(name))["Cache-Control"] == "private, no-store"


def test_pages_show_nothing_medical_and_a_hostile_name_does_nothing():
    private = {"condition": make_condition(name="Canaryitis"), "reason": "canary-a", "needs": "canary-b"}
    appointment = make_appointment(**private, name=HOSTILE, date_of_birth="1931-02-03")
    client = come_in(appointment)
    for name in PAGES:
        text = client.get(url(name)).text
        assert "anary" not in text
        assert "1931" not in text
        assert "<script>alert" not in text


def test_the_session_begins_under_a_new_key():
    client = Client()
    session = client.session
    session["mine"] = True
    session.save()
    client.post(url("open"), {"token": links.make_link(make_appointment())})
    assert client.session.session_key != session.session_key
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("token", ["x" * 43, "x", "%00", "é", "x" * 3000, quote("../admin")])
def test_a_link_that_opens_nothing_says_so(token):
    known = Client().get(f"/appointment/{'y' * 43}/")
    page = Client().get(f"/appointment/{token}/")
    assert "This link does not work any more" in known.text
    assert page.content == known.content or page.status_code == 400
    assert Client().post(url("open"), {"token": token}).status_code == 404


@pytest.mark.parametrize("how", ["cancelled", "reissued", "expired"])
def test_a_link_that_ended_is_dead_in_a_new_browser_and_in_an_open_one(how):
    appointment = make_appointment()
    token = links.make_link(appointment)
    client = come_in(appointment)
    later = timezone.now()
    if how == "cancelled":
        booking.cancel(appointment=appointment)
    elif how == "reissued":
        links.make_link(appointment, alone=True)
    else:
        later = appointment.slot.starts + links.LINK_VALID_AFTER + timedelta(minutes=1)
    with time_machine.travel(later):
        assert "does not work any more" in Client().get(url("arrive", token)).text
        assert Client().post(url("open"), {"token": token}).status_code == 404
        if how == "cancelled":
            assert client.get(url("home"))["Location"] == url("cancelled")
        else:
            assert client.get(url("home")).status_code == 403


def test_closing_ends_the_session_and_not_the_link():
    appointment = make_appointment()
    client = come_in(appointment)
    assert "closed on this device" in client.post(url("close")).text
    assert client.get(url("home")).status_code == 403
    assert come_in(appointment).get(url("home")).status_code == 200


def test_a_patient_moves_to_a_free_time():
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours))
    free = make_slot(hours=hours, starts=timezone.now() + 3 * DAY)
    client = come_in(appointment)
    assert url("move", free.pk) in client.get(url("times")).text
    page = client.get(url("move", free.pk))
    assert "Move my appointment" in page.text
    page = client.post(url("move", free.pk), follow=True)
    assert "Your appointment has a new time" in page.text
    appointment.refresh_from_db()
    assert appointment.slot == free
    assert "New time" in deliver()[-1].subject


def test_a_slot_taken_meanwhile_is_told_and_the_old_one_kept():
    hours = make_hours()
    appointment, free = make_appointment(slot=make_slot(hours=hours)), make_slot(hours=hours)
    client = come_in(appointment)
    make_appointment(slot=free)
    page = client.post(url("move", free.pk))
    assert page.status_code == 404
    assert "That time is not free any more. Choose another one." in page.text
    assert "Error: " in page.text
    appointment.refresh_from_db()
    assert appointment.sequence == 0


@pytest.mark.parametrize("pk", [0, 10**9, 10**30])
def test_a_time_that_does_not_exist_is_not_found(pk):
    client = come_in(make_appointment())
    assert client.get(url("move", pk)).status_code == 404
    assert client.post(url("move", pk)).status_code == 404


@pytest.mark.parametrize("query", ["?from=x", "?from=2026-02-31", "?from=9999-12-31", "?from=0001-01-01", "?with=x"])
def test_any_day_can_be_asked_for(query):
    assert come_in(make_appointment()).get(url("times") + query).status_code == 200


def test_before_days_that_are_too_far_away_come_days_with_times():
    appointment = make_appointment()
    last = timezone.localdate() + timedelta(days=appointment.appointment_type.horizon_days)
    page = come_in(appointment).get(url("times") + "?from=2999-01-01").text
    assert f'href="?from={last - timedelta(days=14)}">' in page


def test_the_page_of_times_takes_as_many_queries_for_one_time_as_for_thirty(django_assert_num_queries):
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours))
    client = come_in(appointment)
    make_slot(hours=hours, starts=timezone.now() + 3 * DAY)
    with django_assert_num_queries(5):
        assert client.get(url("times")).text.count('class="day"') == 1
    for number in range(1, 31):
        make_slot(hours=hours, starts=timezone.now() + 3 * DAY + number * timedelta(hours=2))
    with django_assert_num_queries(5):
        assert client.get(url("times")).text.count('class="day"') > 1


def test_cancelling_takes_two_steps_and_a_reason_if_the_patient_likes():
    appointment = make_appointment()
    client = come_in(appointment)
    assert "Cancel your appointment?" in client.get(url("cancel")).text
    page = client.post(url("cancel"), {"why": "x" * 301})
    assert "Shorten it to 300" in page.text
    page = client.post(url("cancel"), {"why": "I am better"}, follow=True)
    assert page.redirect_chain == [(url("cancelled"), 302)]
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancelled_why) == (Status.CANCELLED, "I am better")


def test_an_address_is_confirmed_by_a_code():
    appointment = make_appointment()
    client = come_in(appointment)
    deliver()
    assert client.post(url("send_code")).status_code == 302
    code = code_in(deliver()[0])
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for typed, problem in (("", "six figures"), ("12345x", "six figures"), (wrong, "not the code")):
        page = client.post(url("confirm"), {"code": typed})
        assert problem in page.text
        assert "<title>Error: " in page.text
    page = client.post(url("confirm"), {"code": f" {code[:3]} {code[3:]}"}, follow=True)
    assert "Your e-mail address is confirmed" in page.text
    appointment.refresh_from_db()
    assert appointment.status == Status.CONFIRMED
    assert AuditEntry.objects.get(appointment=appointment, action="confirmed").actor == "the patient"
    assert client.get(url("confirm")).status_code == 302


def test_codes_that_are_asked_for_too_often_are_refused_in_words():
    client = come_in(make_appointment())
    for _ in range(links.CODES_AN_HOUR):
        client.post(url("send_code"))
    page = client.post(url("send_code"))
    assert page.status_code == 429
    assert "call us" in page.text


def test_asking_for_a_link_tells_a_stranger_nothing():
    make_appointment(email="kim@home.example")
    deliver()
    Client().post(url("link"), {"email": "first@home.example"})  # begins the count of this network
    answers = []
    for email in ("kim@home.example", "nobody@home.example"):
        client = Client()
        before = rows()
        response = client.post(url("link"), {"email": email})
        after = rows()
        changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        page = client.get(response["Location"])
        answers.append((response.status_code, response["Location"], response.content, page.content, changed))
    assert answers[0] == answers[1]
    (message,) = deliver()
    assert message.to == ["kim@home.example"]
    assert come_in(Appointment.objects.get()).get(url("home")).status_code == 200


def test_links_that_are_asked_for_too_often_are_refused_in_words():
    client = Client()
    for number in range(links.LINKS_AN_HOUR_AND_NETWORK):
        client.post(url("link"), {"email": f"{number}@home.example"})
    page = client.post(url("link"), {"email": "kim@home.example"})
    assert page.status_code == 429
    assert "too many links" in page.text


@pytest.mark.parametrize("email", ["", "x", "a@b\nBcc: c@d.example", "a\v@home.example", "x" * 300 + "@home.example"])
def test_an_impossible_address_is_told_so_and_kept(email):
    page = Client().post(url("link"), {"email": email})
    assert "There is a problem" in page.text
    assert not Message.objects.exists()


def test_the_calendar_file_can_be_saved():
    appointment = make_appointment()
    response = come_in(appointment).get(url("calendar"))
    assert response["Content-Type"] == "text/calendar"
    assert "attachment" in response["Content-Disposition"]
    (event,) = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert event["uid"] == str(appointment.uid)


def test_an_appointment_that_is_over_can_be_seen_and_not_changed():
    appointment = make_appointment()
    with time_machine.travel(appointment.slot.starts + timedelta(hours=2)):
        client = come_in(appointment)
        page = client.get(url("home"))
        assert "The time of this appointment has passed" in page.text
        for name in ("times", "cancel", "waiting", "offer"):
            assert client.get(url(name))["Location"] == url("home")
        assert client.post(url("cancel"))["Location"] == url("home")
    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED


def test_an_arrival_before_the_beginning_is_not_shown_as_over():
    appointment = make_appointment()
    records.mark(appointment=appointment, status=Status.ARRIVED, by="the desk", at=appointment.slot.starts)
    page = come_in(appointment).get(url("home")).text
    assert "We know that you have arrived" in page
    assert "has passed" not in page


def test_a_message_of_success_gets_the_focus():
    hours = make_hours()
    appointment, free = make_appointment(slot=make_slot(hours=hours)), make_slot(hours=hours)
    client = come_in(appointment)
    moved, sent = client.post(url("move", free.pk), follow=True), client.post(url("send_code"), follow=True)
    for page, words in ((moved, "Your appointment has a new time"), (sent, "We are sending you a code")):
        box = re.search(r'<div class="notice notice-done"(.*?)</div>', page.text, re.DOTALL)[1]
        assert {'role="alert"', 'tabindex="-1"', "autofocus"} <= set(box.split(">")[0].split())
        assert words in box


def test_a_carer_of_two_patients_sees_the_name_of_each():
    assert re.search(r"<dt>For</dt>\s*<dd>\s*Kim Example", come_in(make_appointment()).get(url("home")).text)


def test_no_word_among_the_addresses_could_be_a_token():
    words = [str(each.pattern).strip("/") for each in urlpatterns[:-2]]
    assert all(len(word) != links.TOKEN_LENGTH for word in words)


def test_forms_need_their_token_against_forgery():
    client = come_in(make_appointment(), enforce_csrf_checks=False)
    client.handler.enforce_csrf_checks = True
    for name in ("cancel", "send_code", "waiting", "offer", "close"):
        assert client.post(url(name)).status_code == 403
    assert Appointment.objects.get().status == Status.BOOKED


def test_an_appointment_that_is_over_is_not_shown_as_coming():
    appointment = make_appointment()
    with time_machine.travel(appointment.slot.ends + DAY):
        page = come_in(appointment).get(url("home")).text
    assert [words for words in ["Before the day we tell you", "It stays booked"] if words in page] == []
    assert "Video call" in page


def test_no_two_links_of_the_page_lead_to_the_same_place_under_different_names():
    appointment = make_appointment()
    for at in [timezone.now(), appointment.slot.ends + DAY]:
        with time_machine.travel(at):
            page = come_in(appointment).get(url("home")).text
        main = page.partition("<main")[2].partition("</main>")[0]
        addresses = re.findall(r'<a [^>]*href="(/appointment/[^"]*)"', main)
        assert len(addresses) == len(set(addresses))
