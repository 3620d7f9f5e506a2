"""The journey of a booking: every page, every answer, and the appointment."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import drafts
from appointments.choices import Mode, Status
from appointments.models import Appointment, Draft, Message
from appointments.tests.clients import ANSWERS, BOOK, answer, book, come_to, free, problems, title_of
from appointments.tests.factories import make_clinician, make_hours, make_slot, make_type
from calcsite.security.tokens import digest_of
from conditions.publishing import publishing
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment_type():
    return make_type(name="Second opinion")


@pytest.fixture
def hours(appointment_type):
    return make_hours(types=[appointment_type])


@pytest.fixture
def slot(hours):
    return make_slot(hours=hours)


@pytest.fixture
def other_slot(hours, slot):
    return make_slot(hours=hours)


def test_a_patient_books_a_time_without_an_account(client, slot):
    condition = make_live(name="Gout")
    booked = book(
        client,
        about={"condition": "gout"},
        needs={"language": "Français", "needs_interpreter": "on", "needs": "No steps.\r\nLarge print."},
        why={"reason": "What does it mean?", "findings": "A CT in May."},
    )
    assert booked.headers["Location"] == f"{BOOK}done/"
    appointment = Appointment.objects.get()
    assert (appointment.slot, appointment.mode, appointment.status) == (slot, Mode.VIDEO, Status.BOOKED)
    assert (appointment.name, appointment.date_of_birth) == ("Kim Example", date(1980, 3, 31))
    assert (appointment.email, appointment.telephone) == ("kim@home.example", "01632 960 001")
    assert (appointment.booked_by, appointment.carer_name, appointment.condition) == ("patient", "", condition)
    assert (appointment.language, appointment.needs_interpreter) == ("Français", True)
    assert appointment.needs == "No steps.\nLarge print."
    assert (appointment.reason, appointment.findings) == ("What does it mean?", "A CT in May.")
    assert (appointment.consent_version, appointment.time_zone) == ("2026-11", "Europe/London")
    assert appointment.consented_at is not None


def test_the_confirmation_is_complete_on_the_screen(client, slot):
    book(client)
    page = client.get(f"{BOOK}done/").content.decode()
    appointment = Appointment.objects.get()
    needed = [appointment.spoken_reference, slot.clinician.name, "By video call", "kim@home.example", "Call 999"]
    assert [words for words in needed if words not in page] == []


def test_before_and_after_booking_a_patient_reads_about_records_and_costs(client, slot):
    book(client)
    for page in (client.get(BOOK).text, client.get(f"{BOOK}done/").text):
        assert "You pay nothing when you book." in page
        assert "we tell you what the appointment costs before you decide" in page.lower()
    assert "you can send us scans and letters" in client.get(BOOK).text
    assert "Your records and images" in client.get(f"{BOOK}done/").text
    assert "#send" not in client.get(f"{BOOK}done/").text


@pytest.mark.parametrize(
    ("mode", "words"),
    [(Mode.TELEPHONE, "The specialist calls you on 01632 960 001"), (Mode.IN_PERSON, "1 Example Street")],
)
def test_the_confirmation_says_where(client, slot, mode, words):
    book(client, how={"mode": mode})
    assert words in client.get(f"{BOOK}done/").content.decode()


def test_the_confirmation_says_when_in_the_zones_of_the_patient_and_of_the_clinic(client, hours):
    starts = timezone.now().replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=7)
    make_slot(hours=hours, starts=starts)
    book(client, time={"zone": "Asia/Kolkata"})
    page = client.get(f"{BOOK}done/").content.decode()
    assert "8:30pm" in page
    assert "At the clinic, in London" in page


def test_a_carer_books_for_a_patient(client, slot, other_slot):
    carer = {"booked_by": "carer", "carer_name": "Alex Example", "carer_relation": "mother"}
    come_to(client, "you", who=carer)
    page = client.get(f"{BOOK}you/").content.decode()
    assert "The patient’s full name" in page
    assert "bday" not in page
    book(client, who=carer)
    appointment = Appointment.objects.get()
    assert (appointment.booked_by, appointment.carer_name, appointment.carer_relation) == tuple(carer.values())


def test_browsers_fill_in_the_birth_date_of_a_patient_who_books(client, slot):
    come_to(client, "you")
    page = client.get(f"{BOOK}you/").content.decode()
    assert [f'autocomplete="bday-{part}"' in page for part in ("day", "month", "year")] == [True] * 3


def test_a_carer_gives_name_and_relation(client, slot):
    come_to(client, "who")
    refused = answer(client, "who", booked_by="carer")
    assert problems(refused) == "There is a problem Write your own name. Say who you are to them."


def test_the_condition_of_the_page_before_is_chosen_already(client):
    make_live(name="Gout")
    assert 'about/?condition=gout"' in client.get(f"{BOOK}?condition=gout").content.decode()
    page = client.get(f"{BOOK}about/?condition=gout").content.decode()
    assert page.count("checked") == 1
    assert "checked" not in client.get(f"{BOOK}about/?condition=nobody-knows").content.decode()


@pytest.mark.parametrize("step", list(ANSWERS)[1:])
def test_skipping_a_page_leads_to_the_first_unanswered_one(client, slot, step):
    assert client.get(f"{BOOK}{step}/").headers["Location"] == f"{BOOK}about/"
    come_to(client, "how")
    assert client.get(f"{BOOK}check/").headers["Location"] == f"{BOOK}how/"


def test_an_address_that_is_no_page_is_not_found(client):
    assert client.get(f"{BOOK}payment/").status_code == 404


@pytest.mark.parametrize("step", list(ANSWERS))
def test_every_page_has_one_heading_and_a_way_back_and_is_not_cached(client, slot, step):
    come_to(client, step)
    response = client.get(f"{BOOK}{step}/")
    page = response.content.decode()
    assert page.count("<h1") == 1
    assert 'class="wrap patient-page back"' in page
    assert response.headers["Cache-Control"] == "private, no-store"
    assert '<meta name="robots" content="noindex">' in page


def test_looking_changes_nothing(client, slot):
    def rows():
        return [*Draft.objects.values(), *Appointment.objects.values(), *Message.objects.values()]

    come_to(client, "check")
    before = rows()
    for step in [*ANSWERS, "done", "forgotten", "forget"]:
        client.get(f"{BOOK}{step}/")
        client.head(f"{BOOK}{step}/")
    client.get(BOOK)
    assert rows() == before
    stranger = Client()
    stranger.get(BOOK)
    stranger.get(f"{BOOK}about/")
    assert drafts.COOKIE not in stranger.cookies
    assert rows() == before


def test_a_second_click_finds_the_booking_made(client, slot):
    come_to(client, "check")
    answers = {answer(client, "check").headers["Location"] for _ in range(5)}
    assert answers == {f"{BOOK}done/"}
    assert Appointment.objects.count() == 1
    assert Message.objects.filter(kind="confirmation").count() == 1


@pytest.mark.parametrize("step", list(ANSWERS)[1:])
def test_back_after_booking_leads_to_the_confirmation(client, slot, step):
    book(client)
    assert client.get(f"{BOOK}{step}/").headers["Location"] == f"{BOOK}done/"
    assert answer(client, step, slot=slot.pk).headers["Location"] == f"{BOOK}done/"


def test_a_second_booking_can_follow_the_first(client, slot, other_slot):
    book(client)
    book(client)
    assert set(Appointment.objects.values_list("slot", flat=True)) == {slot.pk, other_slot.pk}


def test_the_answers_are_forgotten_once_they_are_booked(client, slot):
    book(client)
    assert Draft.objects.get().answers == {}


def test_a_closed_tab_loses_nothing(client, slot):
    come_to(client, "why")
    later = Client()
    later.cookies[drafts.COOKIE] = client.cookies[drafts.COOKIE].value
    assert "Carry on where I was" in later.get(BOOK).content.decode()
    assert "Kim Example" in later.get(f"{BOOK}you/").content.decode()


def test_the_secret_is_in_the_cookie_and_nowhere_else(client, slot):
    come_to(client, "how")
    cookie = client.cookies[drafts.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 24 * 60 * 60)
    assert len(cookie.value) == 43  # 256 bits
    draft = Draft.objects.get()
    assert cookie.value not in f"{draft.digest} {draft.answers}"
    assert draft.digest == digest_of(cookie.value)


def test_a_stranger_gets_nowhere_with_another_cookie(client, slot):
    come_to(client, "check")
    stranger = Client()
    stranger.cookies[drafts.COOKIE] = Draft.objects.get().digest
    assert stranger.get(f"{BOOK}you/").headers["Location"] == f"{BOOK}?gone=yes"


def test_a_shared_device_forgets(client, slot):
    come_to(client, "why")
    assert client.post(f"{BOOK}forget/").headers["Location"] == f"{BOOK}forgotten/"
    assert (Draft.objects.count(), free(slot), client.cookies[drafts.COOKIE].value) == (0, True, "")
    book(client)
    client.post(f"{BOOK}forget/")
    assert Appointment.objects.get().status == Status.BOOKED
    assert client.get(f"{BOOK}done/").headers["Location"] == f"{BOOK}?gone=yes"


def test_a_changed_answer_is_filled_in_and_leads_back_to_the_check(client, slot):
    come_to(client, "check")
    assert f'href="{BOOK}why/#id_reason"' in client.get(f"{BOOK}check/").content.decode()
    page = client.get(f"{BOOK}why/").content.decode()
    assert ANSWERS["why"]["reason"] in page
    assert f'<a href="{BOOK}check/">' in page
    changed = answer(client, "why", reason="Something else")
    assert changed.headers["Location"] == f"{BOOK}check/"
    assert "Something else" in client.get(f"{BOOK}check/").content.decode()


def test_another_way_to_meet_keeps_the_time_where_it_is_offered(client, appointment_type, hours):
    slot = make_slot(hours=hours, telephone=False)
    come_to(client, "check")
    assert answer(client, "how", mode=Mode.IN_PERSON).headers["Location"] == f"{BOOK}check/"
    assert Appointment.objects.get().mode == Mode.IN_PERSON
    assert answer(client, "how", mode=Mode.TELEPHONE).headers["Location"] == f"{BOOK}time/"
    assert free(slot)


def test_another_clinician_needs_another_time(client, appointment_type, slot):
    other = make_clinician()
    make_slot(hours=make_hours(types=[appointment_type], clinician=other))
    come_to(client, "check")
    assert answer(client, "how", clinician=other.slug).headers["Location"] == f"{BOOK}time/"
    assert free(slot)


def test_clinicians_that_know_the_condition_are_offered_first(client, appointment_type):
    make_live(name="Gout").clinicians.add(make_clinician(name="Dr Zed"))
    make_clinician(name="Dr Abel")
    come_to(client, "how", about={"condition": "gout"})
    page = client.get(f"{BOOK}how/").content.decode()
    assert page.index("Dr Zed") < page.index("Knows the condition") < page.index("Dr Abel")


def test_the_type_is_asked_only_when_there_are_several(client, appointment_type):
    come_to(client, "how")
    assert 'name="type"' not in client.get(f"{BOOK}how/").content.decode()
    other = make_type(name="Second look", video=False)
    make_type(name="Follow-up", bookable_by_patients=False)
    page = client.get(f"{BOOK}how/").content.decode()
    assert page.count('name="type"') == 2
    assert "by telephone call or in person only" in problems(answer(client, "how", type=other.slug))
    assert answer(client, "how", type=appointment_type.slug).status_code == 302


def test_where_nothing_can_be_booked_the_page_gives_a_telephone_number(client):
    come_to(client, "how")
    page = client.get(f"{BOOK}how/").content.decode()
    assert "no free time" in page
    assert "tel:01632960123" in page
    assert answer(client, "how").status_code == 200


def test_agreeing_to_words_that_have_changed_is_refused(client, slot):
    come_to(client, "consent")
    refused = answer(client, "consent", consent_version="2020-01")
    assert "The words have changed" in problems(refused)
    assert 'value="2026-11"' in refused.content.decode()


def test_the_last_button_takes_few_statements(client, slot, django_assert_num_queries):
    """One looks, and the others write: draft, appointment, checklist, messages, audit log, count of bookings."""
    come_to(client, "check", about={"condition": make_live(name="Calcinosis").slug})
    with django_assert_num_queries(7 + 2):  # and those that begin and end the transaction
        assert answer(client, "check").status_code == 302


def test_the_condition_stays_when_its_page_is_withdrawn_meanwhile(client, slot):
    condition = make_live(name="Calcinosis")
    come_to(client, "check", about={"condition": condition.slug})
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    assert b"The condition that you chose. Its page is not public" in client.get(f"{BOOK}check/").content
    answer(client, "check")
    assert Appointment.objects.get(status=Status.BOOKED).condition == condition
    assert Draft.objects.get().condition is None


def test_every_form_needs_its_token(slot):
    client = Client(enforce_csrf_checks=True)
    assert client.post(f"{BOOK}about/", ANSWERS["about"]).status_code == 403
    assert Draft.objects.count() == 0


def test_no_title_and_no_address_says_anything_medical(client, slot):
    make_live(name="Gout")
    come_to(client, "check", about={"condition": "gout"})
    for step in ANSWERS:
        assert "Gout" not in title_of(client.get(f"{BOOK}{step}/"))
    assert "Gout" not in client.get(f"{BOOK}done/", follow=True).content.decode().partition("</head>")[0]
