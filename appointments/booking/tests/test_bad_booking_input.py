"""Bad input on each page of the booking and of a patient: a message, the typed values, and never a fault."""

import email as standard
import email.policy
import html
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Mode, Status
from appointments.models import Appointment, Clinician, Slot
from appointments.tests.clients import (
    ANSWERS,
    BOOK,
    answer,
    book,
    come_in,
    come_to,
    problems,
    seen,
    slots_on,
    title_of,
    url,
)
from appointments.tests.factories import make_appointment, make_draft, make_hours, make_slot, make_type
from appointments.tests.mailbox import calendar_of, deliver, html_of

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=1)
SUMMARY = "There is a problem"
UNSEEN = "Take out characters that cannot be seen"
LIBRARY_WORDS = ["Null characters", "Ensure this value", "Enter a valid", "This field is required", "Select a valid"]
CONTROLS = ["\0", "\n", "\r\n", "\v", "\f", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"]
LINES = {  # every field of one line, with a page of answers in which it is asked
    "who": ("carer_name", "carer_relation"),
    "you": ("name", "email", "telephone"),
    "needs": ("language",),
}
CARER = {"booked_by": "carer", "carer_name": "Alex Example", "carer_relation": "mother"}
BASE = {"who": CARER, "you": ANSWERS["you"], "needs": {"language": "French"}}
NAMES = [
    "李小龍",
    "O'Neill",
    "محمد بن سلمان",
    "נועה \u200fכהן",
    "x" * 200,
    "Kim \U0001f469\u200d\u2695\ufe0f 🦴",
    "&amp; <i>",
]


@pytest.fixture
def slot():
    return make_slot(hours=make_hours(types=[make_type(name="Second opinion")]))


def words(page) -> str:
    return html.unescape(page.text)


@pytest.mark.parametrize(("step", "field"), [(step, field) for step, fields in LINES.items() for field in fields])
def test_an_invisible_character_is_refused_in_words_and_the_rest_stays(client, slot, step, field):
    come_to(client, step)
    kept = [value for name, value in BASE[step].items() if name not in {field, "booked_by"}]
    for character in CONTROLS:
        typed = BASE[step] | {field: BASE[step][field] + character + "Bcc: eve@elsewhere.example"}
        page = seen(client, client.post(f"{BOOK}{step}/", typed))
        assert page.status_code == 200
        assert problems(page).startswith(SUMMARY)
        assert UNSEEN in problems(page)
        assert f'href="#id_{field}"' in page.text
        assert [said for said in LIBRARY_WORDS if said in page.text] == []
        assert [value for value in kept if value not in words(page)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_same_on_every_page_in_the_e_mail_and_in_the_calendar(client, slot, name):
    theirs = name[:120]  # the name of a clinician is shorter
    Clinician.objects.update(name=theirs)
    book(client, who=CARER | {"carer_name": name}, you={"name": name})
    appointment = Appointment.objects.get()
    assert (appointment.name, appointment.carer_name) == (name, name)
    assert f"{name}\n" in words(client.get(f"{BOOK}done/"))
    Appointment.objects.update(status=Status.CONFIRMED)  # a stranger would not be greeted by every name
    (message,) = deliver()
    assert f"Hello {name}" in message.body
    assert f"Hello {html.escape(name)}" in html_of(message)
    sent = standard.message_from_bytes(message.message().as_bytes(), policy=standard.policy.default)
    assert sent.get_body(("plain",)).get_content().count(theirs) >= 2
    (event,) = calendar_of(message).walk("VEVENT")
    assert event["summary"] == f"Appointment with {theirs}"
    home = come_in(appointment).get(url("home"))
    assert html.escape(theirs) in home.text


ADDRESSES = [
    "o'neill+kim@home.example",
    "kim@münchen.example",
    f"{'k' * 60}@{'h' * 60}.example",
    '"kim;x"@home.example',
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_taken_is_one_that_mail_and_calendar_can_hold(client, slot, address):
    book(client, you={"email": address})
    assert Appointment.objects.get().email == address
    (message,) = deliver()
    assert message.to == [address]
    sent = standard.message_from_bytes(message.message().as_bytes(), policy=standard.policy.default)
    assert len(sent["To"].addresses) == 1
    (event,) = calendar_of(message).walk("VEVENT")
    assert event["attendee"] == f"mailto:{address}"


REFUSED_ADDRESSES = ['"kim,eve"@home.example', "kim@home.example, eve@home.example", "kim@home.example;eve@x.example"]
REFUSED_ADDRESSES += ["Kim <kim@home.example>", f"{'k' * 250}@home.example", "kim@home..example", "李@home.example"]


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_mail_cannot_hold_is_refused_in_words(client, slot, address):
    come_to(client, "you")
    page = answer(client, "you", email=address)
    assert 'href="#id_email"' in page.text
    assert [said for said in LIBRARY_WORDS if said in page.text] == []
    assert address in words(page)
    linked = Client().post(url("link"), {"email": address})
    assert SUMMARY in linked.text
    assert [said for said in LIBRARY_WORDS if said in linked.text] == []
    assert address in words(linked)


@pytest.mark.parametrize(
    "number", ["+44 (0)1632/960-001", "01632.960.001 x12", "tel:+441632960001", "０１６３２９６０００１"]
)
def test_a_telephone_number_is_read_out_as_it_was_typed(client, slot, number):
    book(client, how={"mode": Mode.TELEPHONE}, you={"telephone": number})
    assert Appointment.objects.get().telephone == number
    assert f"calls you on {number}" in words(client.get(f"{BOOK}done/"))


@pytest.mark.parametrize("day", [("31", "2", "1980"), ("30", "02", "2000"), ("29", "2", "1900"), ("31", "4", "2001")])
def test_a_day_that_no_calendar_has_is_refused_and_stays(client, slot, day):
    come_to(client, "you")
    parts = dict(zip(["date_of_birth_day", "date_of_birth_month", "date_of_birth_year"], day, strict=True))
    page = answer(client, "you", **parts)
    assert "Write a date of birth that exists" in problems(page)
    assert title_of(page).startswith("Error: ")
    assert [part for part in day if f'value="{part}"' not in page.text] == []


def gone_slots(hours) -> dict[str, Slot]:
    """Times that cannot be had any more, or never could."""
    soon = timezone.now()
    taken, held = make_slot(hours=hours), make_slot(hours=hours)
    make_appointment(slot=taken)
    booking.hold(draft=make_draft(), slot=held, appointment_type=hours.types.get(), mode=Mode.VIDEO)
    return {
        "past": make_slot(hours=hours, starts=soon - DAYS),
        "too soon": make_slot(hours=hours, starts=soon + timedelta(minutes=5)),
        "withdrawn": make_slot(hours=hours, starts=soon + 5 * DAYS, is_covered=False),
        "taken": taken,
        "held by another": held,
        "of another kind": make_slot(hours=make_hours(types=[make_type(bookable_by_patients=False)])),
    }


def test_a_time_that_cannot_be_had_is_refused_in_words_and_others_are_offered(client, slot):
    come_to(client, "time")
    for why, gone in gone_slots(slot.hours).items():
        page = answer(client, "time", slot=gone.pk)
        assert page.status_code == 200, why
        assert problems(page).startswith((SUMMARY, "That time has gone")), why
        assert set(slots_on(page)) == {str(slot.pk)}, why
    for chosen in (
        [slot.pk, slot.pk],
        [slot.pk, 0],
        ["", slot.pk],
        [f"{slot.pk} "],
        [f"+{slot.pk}"],
        [f"{slot.pk}.0"],
    ):
        page = answer(client, "time", slot=chosen)
        assert problems(page) == f"{SUMMARY} Choose one time from the list."
    assert answer(client, "time", slot=slot.pk).status_code == 302


@pytest.mark.parametrize("step", [step for step in ANSWERS if step != "time"])
def test_fields_sent_twice_not_at_all_or_as_bytes_are_no_fault(client, slot, step):
    come_to(client, step)
    twice = {name: [value, f"{value}x"] for name, value in (ANSWERS[step] | {"keep": "", "website": ""}).items()}
    bodies = [b"\xff\xfe=\x80&name=%ff%fe&reason=%ed%a0%80", b"{}", b"=&&==", b"name" * 50_000]
    form = "application/x-www-form-urlencoded"
    answers = [client.post(f"{BOOK}{step}/", body, content_type=form) for body in bodies]
    answers += [client.post(f"{BOOK}{step}/", twice), client.post(f"{BOOK}{step}/", b"\0", content_type="text/plain")]
    assert {one.status_code for one in answers} <= {200, 302}


PATIENT_FIELDS = [("link", "email"), ("confirm", "code"), ("cancel", "why")]


@pytest.mark.parametrize(("name", "field"), PATIENT_FIELDS)
def test_a_patients_own_pages_refuse_invisible_characters_in_words(slot, name, field):
    client = come_in(make_appointment(slot=slot))
    for character in CONTROLS:
        page = client.post(url(name), {field: f"0123{character}45"})
        assert page.status_code == 200
        assert SUMMARY in page.text
        assert [said for said in LIBRARY_WORDS if said in page.text] == []
    assert Appointment.objects.get().status == "booked"


@pytest.mark.parametrize("code", ["१२३४५६", "²²²²²²", "1" * 20, "1" * 5000, "12345", "<script>", "０１２３４５"])
def test_an_impossible_code_is_told_so_and_costs_no_guess(slot, code):
    appointment = make_appointment(slot=slot)
    client = come_in(appointment)
    for _ in range(6):
        page = client.post(url("confirm"), {"code": code})
        assert "Write the six figures of the code." in page.text
        assert html.escape(code) in page.text


def test_a_reason_that_tries_everything_is_kept_on_one_line(slot):
    appointment = make_appointment(slot=slot)
    why = "=1+1 {{ settings }} <script>alert(1)</script> 李 \u202eabc"
    assert come_in(appointment).post(url("cancel"), {"why": why}).headers["Location"] == url("cancelled")
    appointment.refresh_from_db()
    assert appointment.cancelled_why == why
