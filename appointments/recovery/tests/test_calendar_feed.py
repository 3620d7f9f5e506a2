"""A plan as a calendar: nothing medical in it, and an address that ends when the patient says so."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from appointments.booking import booking
from appointments.recovery import calendar_feed, plans
from appointments.recovery.tests.makers import make_guidance, seen_patient, start_plan
from appointments.tests.clients import come_in_with_code, url
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError

pytestmark = pytest.mark.django_db


def ask(secret: str):
    return Client().get(f"/calendar/recovery/{secret}.ics")


def events(plan, today=None) -> list:
    return Calendar.from_ical(calendar_feed.calendar_of(plan, today)).walk("VEVENT")


def test_the_feed_says_which_day_it_is_and_nothing_medical():
    make_guidance(title="Canary guidance")
    patient = seen_patient(name="Canary Patient", reason="Canary")
    today = timezone.localdate()
    plan = start_plan(patient, what="Canary", note="Canary", last_day=today + timedelta(days=3))
    plan.follow_ups.update(what="Canary scan")
    answer = ask(calendar_feed.renew(plan=plan))
    text = answer.content.decode()
    assert "canary" not in text.lower()
    assert "operation" not in text.lower()
    found = [(str(event["summary"]), event.decoded("dtstart")) for event in Calendar.from_ical(text).walk("VEVENT")]
    assert found == [
        *((f"Day {day} of your plan: look at your page", today + timedelta(days=day)) for day in range(4)),
        ("Around this day: a follow-up. Look at your page", today + timedelta(days=14)),
    ]
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "text/calendar; charset=utf-8",
        "private, no-store",
    )


def test_a_booked_follow_up_has_its_time_and_a_cancelled_one_its_day_again():
    plan, made = start_plan(), make_appointment()
    plan.follow_ups.update(appointment=made)
    last = events(plan)[-1]
    assert (str(last["summary"]), last.decoded("dtstart")) == ("Follow-up appointment", made.slot.starts)
    booking.cancel(appointment=made)
    assert str(events(plan)[-1]["summary"]).startswith("Around this day")


def test_a_plan_without_an_end_shows_the_days_around_today():
    plan = start_plan()
    today = plan.first_day + timedelta(days=400)
    days = calendar_feed.days_shown(plan, today)
    assert (days.start, days[-1]) == (370, 490)


def test_each_address_ends_with_the_next_and_all_with_the_plan():
    plan = start_plan()
    first = calendar_feed.renew(plan=plan)
    second = calendar_feed.renew(plan=plan)
    assert (ask(first).status_code, ask(second).status_code) == (404, 200)
    assert ask(first).content == ask("x" * 43).content == ask("x").content
    plan.refresh_from_db()
    assert second not in plan.feed_digest
    calendar_feed.revoke(plan=plan)
    assert ask(second).status_code == 404
    third = calendar_feed.renew(plan=plan)
    plans.end_plan(plan=plan, by=plan.started_by)
    assert ask(third).status_code == 404
    with pytest.raises(UserFacingError):
        calendar_feed.renew(plan=plan)


def test_the_log_says_when_an_address_was_made_and_ended():
    plan = start_plan()
    calendar_feed.revoke(plan=plan)
    for _ in range(2):
        calendar_feed.renew(plan=plan)
    for _ in range(2):
        calendar_feed.revoke(plan=plan)
    plans.end_plan(plan=plan, by=plan.started_by)
    with pytest.raises(UserFacingError):
        calendar_feed.renew(plan=plan)
    entries = plan.appointment.audit.filter(actor="the patient", detail__startswith="Calendar").order_by("pk")
    assert [entry.detail for entry in entries] == ["Calendar address made"] * 2 + ["Calendar address ended"]


def test_a_patient_makes_an_address_reads_it_once_and_ends_it():
    plan = start_plan()
    client = come_in_with_code(plan.appointment)
    made = client.post(url("recovery_calendar"), {"make": "1"}).text
    secret = made.partition("/calendar/recovery/")[2].partition(".ics")[0]
    assert ask(secret).status_code == 200
    page = client.get(url("recovery_calendar")).text
    assert secret not in page
    assert "End the address" in page
    assert client.post(url("recovery_calendar"), {"end": "1"}).status_code == 302
    assert ask(secret).status_code == 404
