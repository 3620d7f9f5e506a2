"""The answers of patients: stored exactly or refused in words, and never a fault."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, forms, limits
from appointments.models import Appointment, Draft
from appointments.tests.clients import ANSWERS, BOOK, answer, book, come_to, problems, seen, title_of
from appointments.tests.factories import make_clinician, make_hours, make_slot, make_type
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def slots():
    """Enough slots for all bookings of one test."""
    hours = make_hours(types=[make_type(name="Second opinion")])
    first = timezone.now() + timedelta(days=2)
    return [make_slot(hours=hours, starts=first + timedelta(hours=number)) for number in range(15)]


@pytest.fixture
def writer(client, slots) -> Client:
    """A patient on the page about the patient."""
    come_to(client, "you")
    return client


def born(day: str, month: str, year: str) -> dict[str, str]:
    return {"date_of_birth_day": day, "date_of_birth_month": month, "date_of_birth_year": year}


NOTHING = {
    "about": "Choose a condition, or say that you are not sure.",
    "how": "Choose how you would like to meet.",
    "time": "Choose one time from the list.",
    "who": "Say whether the appointment is for you or for somebody else.",
    "you": "Write a name. Write the date of birth. Write your e-mail address. Write your telephone number.",
    "why": "Write what you would like to know. One sentence is enough.",
    "consent": "Tick the box if you agree. We cannot book without it.",
}


@pytest.mark.parametrize("step", NOTHING)
def test_a_page_sent_empty_explains_the_answer(client, slots, step):
    come_to(client, step)
    version = {"consent_version": "2026-11"} if step == "consent" else {}
    sent = client.post(f"{BOOK}{step}/", version)
    assert sent.status_code == 302  # so that Back leads over it
    refused = seen(client, sent)
    assert problems(refused) == f"There is a problem {NOTHING[step]}"
    assert title_of(refused).startswith("Error: ")
    assert 'href="#"' not in refused.content.decode()


def test_links_of_the_summary_lead_to_fields_that_are_there(writer):
    page = seen(writer, writer.post(f"{BOOK}you/", {})).text
    for field in ["id_name", "id_date_of_birth_0", "id_email", "id_telephone"]:
        assert f'href="#{field}"' in page
        assert f'id="{field}"' in page


def test_typed_values_stay(writer):
    page = answer(writer, "you", name="Kim <b>", telephone="no", **born("31", "2", "1980")).content.decode()
    for typed in ["Kim &lt;b&gt;", "kim@home.example", 'value="no"', 'value="31"', 'value="1980"']:
        assert typed in page


def test_a_choice_that_was_not_offered_is_refused(client, slots):
    assert "Choose a condition" in problems(answer(client, "about", condition="<script>"))
    for step, field in [("how", "mode"), ("how", "clinician"), ("who", "booked_by")]:
        come_to(client, step)
        assert "Choose one of these." in problems(answer(client, step, **{field: "<script>"}))


@pytest.mark.parametrize(
    "name",
    [
        "李",
        "O'Neill",
        "محمد بن سلمان",
        "Ñandú-Łukasz d’Été",
        "\U0001f469\u200d\u2695\ufe0f Kim",
        "נועה \u200fכהן",
        "x" * 200,
        "{{ settings }} %s {0}",
    ],
)
def test_a_name_is_kept_exactly(client, slots, name):
    book(client, you={"name": name})
    assert Appointment.objects.get().name == name


@pytest.mark.parametrize("character", ["\0", "\n", "\r\n", "\t", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"])
@pytest.mark.parametrize("field", ["name", "telephone", "email"])
def test_a_control_character_is_refused_in_words(writer, field, character):
    refused = answer(writer, "you", **{field: ANSWERS["you"][field][:4] + character + ANSWERS["you"][field][4:]})
    assert refused.status_code == 200
    assert f'href="#id_{field}"' in refused.content.decode()
    assert "There is a problem" in problems(refused)


def test_lines_are_kept_where_lines_are_asked_for_and_nothing_else_unseen(client, slots):
    come_to(client, "why")
    assert "cannot be seen" in problems(answer(client, "why", reason="a\x0bb"))
    assert answer(client, "why", reason="a\r\nb\rc\td").status_code == 302
    come_to(client, "why", needs={"needs": "x"})
    book(client)
    assert Appointment.objects.get().reason == "What does the report mean?"


@pytest.mark.parametrize("step", ANSWERS)
def test_nul_in_any_field_is_no_fault(client, slots, step):
    come_to(client, step)
    fields = dict.fromkeys([*ANSWERS[step], "slot", "zone", "agree", "needs", "language", "keep", "type"], "\0")
    for given in [fields, {name: value for name, value in fields.items() if name != "keep"}]:
        assert client.post(f"{BOOK}{step}/", given).status_code in {200, 302, 409}


@pytest.mark.parametrize("number", ["01632960001", "+44 (0)1632 960.001-7", "ext 7, 01632 9", "٠١٦٣٢٩٦٠٠٠١", "12345"])
def test_a_telephone_number_is_kept_in_any_format(client, slots, number):
    book(client, you={"telephone": number})
    assert Appointment.objects.get().telephone == number


@pytest.mark.parametrize("number", ["none", "1234", "x" * 61])
def test_an_impossible_telephone_number_is_refused(writer, number):
    assert problems(answer(writer, "you", telephone=number)).startswith("There is a problem")


@pytest.mark.parametrize("email", ["kim", "kim@", "@home.example", "a@b@c.example", f"{'k' * 250}@home.example"])
def test_an_impossible_email_address_is_refused(writer, email):
    assert 'href="#id_email"' in answer(writer, "you", email=email).content.decode()


TODAY = timezone.localdate()


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (("31", "2", "1980"), "that exists"),
        (("29", "2", "2023"), "that exists"),
        (("0", "1", "1980"), "that exists"),
        (("1", "13", "1980"), "that exists"),
        (("1", "1", "9" * 5000), "that exists"),
        (("1", "March", "1980"), "in numbers"),
        (("-1", "1", "1980"), "in numbers"),
        (("1", "1_0", "1980"), "in numbers"),
        (("1", "1", "80"), "Check the year"),
        (("1", "1", f"{TODAY.year - 131}"), "Check the year"),
        (("", "3", "1980"), "needs a day"),
        (("31", "", ""), "needs a month and a year"),
        (("1", "1", f"{TODAY.year + 1}"), "in the past"),
        (tuple(f"{TODAY + timedelta(days=1):%d %m %Y}".split()), "in the past"),
    ],
)
def test_a_date_of_birth_that_cannot_be_is_refused(writer, parts, words):
    assert words in problems(answer(writer, "you", **born(*parts)))


@pytest.mark.parametrize(
    ("parts", "kept"),
    [(("29", "2", "2024"), date(2024, 2, 29)), ((" 07 ", "٣", "1980"), date(1980, 3, 7)), (None, TODAY)],
)
def test_a_date_of_birth_that_can_be_is_kept(client, slots, parts, kept):
    book(client, you=born(*(parts or f"{TODAY:%d %m %Y}".split())))
    assert Appointment.objects.get().date_of_birth == kept


@pytest.mark.parametrize(("field", "most"), [("reason", 3000), ("findings", 3000)])
def test_long_answers_are_cut_by_the_patient_and_not_by_us(client, slots, field, most):
    come_to(client, "why")
    assert f"has {most + 1} characters" in problems(answer(client, "why", **{field: "x" * (most + 1)}))
    assert answer(client, "why", **{field: "x\r\n" * (most // 2)}).status_code == 302


def test_fields_that_no_page_asks_for_change_nothing(client, slots):
    extra = {
        "status": "completed",
        "reference": "AAAAAAAA",
        "booked_at": "2020-01-01",
        "slot_id": "1",
        "condition_id": "1",
    }
    book(client, you=extra, check=extra, consent=extra)
    appointment = Appointment.objects.get()
    assert (appointment.status, appointment.booked_at.year) == ("booked", timezone.now().year)
    assert appointment.reference != "AAAAAAAA"


def test_a_program_that_fills_in_everything_is_refused(client, slots):
    refused = answer(client, "about", website="https://spam.example")
    assert "could not accept" in problems(refused)
    assert Draft.objects.count() == 0


def test_many_choices_are_a_list_that_opens(client, slots):
    for number in range(forms.MAX_RADIO_BUTTONS):
        make_live(name=f"Condition of {number}")
        make_clinician(name=f"Dr Number {number}")
    page = client.get(f"{BOOK}about/").content.decode()
    assert '<select name="condition"' in page
    assert "Choose a condition" in problems(answer(client, "about", condition=""))
    come_to(client, "how")
    assert '<select name="clinician"' in client.get(f"{BOOK}how/").content.decode()


def test_repeated_holds_end_with_a_request_to_call(client, slots):
    come_to(client, "time")
    allowed = limits.HOLD[1]
    answers = [answer(client, "time", slot=slots[number % 2].pk).status_code for number in range(allowed + 1)]
    assert answers == [302] * allowed + [429]
    refused = answer(client, "time", slot=slots[0].pk).text
    for words in ["Please call us to book", "01632 960 123", "Many times have been chosen", "We still keep the time"]:
        assert words in refused
    assert "e-mail address" not in refused
    assert f'<a class="btn" href="{BOOK}who/">Go on with the time that you have</a>' in refused
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    come_to(elsewhere, "who")


def test_one_network_holds_more_than_one_address_and_not_without_end(client, slots):
    _, of_address, of_network, _ = limits.HOLD
    statuses = []
    for number in range(of_network // of_address + 1):
        guest = Client(REMOTE_ADDR=f"203.0.113.{number}")
        come_to(guest, "time")
        statuses.append([answer(guest, "time", slot=slots[number].pk).status_code for _ in range(of_address)])
    assert {status for some in statuses[:-1] for status in some} == {302}
    assert set(statuses[-1]) == {429}


def test_one_email_address_books_ten_times_a_day(slots):
    for number in range(booking.BOOKINGS_A_DAY):
        assert book(Client(REMOTE_ADDR=f"198.51.{number}.1")).status_code == 302
    late = Client(REMOTE_ADDR="198.51.100.1")
    refused = book(late, you={"email": "KIM@home.example"})
    assert (refused.status_code, "booked with your e-mail address today" in refused.text) == (429, True)
    assert f'href="{BOOK}check/">Go on' in refused.text
    assert "Kim Example" in late.get(f"{BOOK}check/").text  # a refused booking keeps the answers
    assert Appointment.objects.booked().count() == booking.BOOKINGS_A_DAY
    assert book(Client(REMOTE_ADDR="198.51.101.1"), you={"email": "alex@home.example"}).status_code == 302


def test_a_patient_reads_on_which_number_the_specialist_calls(client, slots):
    for mode, is_called in [("video", False), ("telephone", True)]:
        come_to(client, "you", how={"mode": mode})
        assert ("The specialist calls you on this number." in client.get(f"{BOOK}you/").text) == is_called


def test_the_page_of_a_reached_limit_shows_nothing_else(client):
    for what in ["", "?of=", "?of=<script>"]:
        assert client.get(f"{BOOK}too-many/{what}").headers["Location"] == BOOK


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.9", "203.0.113.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"), ("unknown", "unknown")],
)
def test_the_network_of_an_address(address, network):
    assert limits.network_of(address) == network
