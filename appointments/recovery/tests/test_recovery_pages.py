"""The patient's recovery page, and check-ins: the advice is shown at once, even without a database."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from appointments.access.decorators import CODE
from appointments.models import CheckIn, PatientLink, RecoveryPlan
from appointments.recovery import checkins, plans
from appointments.recovery.tests.makers import make_guidance, read_only, seen_patient, start_plan
from appointments.tests.clients import come_in, come_in_with_code, url
from appointments.tests.factories import make_appointment

pytestmark = pytest.mark.django_db

BLEEDING = checkins.TREATMENT_SIGNS[0]
WELL = {"feeling": "better", "pain": "2"}
PAGES = ["recovery", "check_in", "recovery_calendar"]
EMERGENCY, CALL, THANKS = "Call 999 now</h1>", "Telephone us now</h1>", "Thank you for telling us</h1>"
NOT_KEPT = "We could not note this"
QUERIES = 10


@pytest.fixture
def plan() -> RecoveryPlan:
    return start_plan()


@pytest.fixture
def patient(plan) -> Client:
    return come_in_with_code(plan.appointment)


def test_the_page_shows_the_day_and_its_guidance():
    make_guidance(title="The first days", last_day=3)
    make_guidance(title="A while later", first_day=10, text="Walk more.")
    plan = start_plan(note="Mind the left arm", what="The deposit was taken out")
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        page = come_in_with_code(plan.appointment).get(url("recovery"))
    text = page.text
    today, _, later = text.partition('id="later"')
    expected = ["Today is day 2 of your plan", "The first days", "Some pain.", "<li>Drink water</li>", "<li>Lift</li>"]
    expected += ["Mind the left arm", "The deposit was taken out", "Paracetamol", "A talk with Dr Example"]
    expected += ["the wound gets hotter", 'href="tel:01632960005"', BLEEDING, "Call 999 now if:"]
    assert [words for words in expected if words not in today] == []
    assert "A while later" in later
    assert "The first days" not in later
    assert page.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-3, "Your plan begins on"),
        (0, "is the day of your treatment: day 0 of your plan"),
        (4, "Today is day 4 of your plan"),
    ],
)
def test_the_first_line_of_the_page_is_true_on_every_day(days, words):
    make_guidance(title="The first days", last_day=3)
    plan = start_plan(first_day=timezone.localdate() - timedelta(days=days))
    page = come_in_with_code(plan.appointment).get(url("recovery")).text
    assert words in page
    section = "later" if days < 0 else "today" if days == 0 else "earlier"
    assert "The first days" in page.partition(f'id="{section}"')[2].partition("</section>")[0]


def test_a_past_appointment_links_to_the_plan_in_any_case(plan):
    for appointment in [plan.appointment, seen_patient()]:
        assert url("recovery") in come_in(appointment).get(url("home")).text
    assert url("recovery") not in come_in(make_appointment()).get(url("home")).text


def test_without_a_plan_and_after_it_the_pages_say_so(plan, patient):
    assert "There is no plan for you yet" in come_in_with_code(make_appointment()).get(url("recovery")).text
    plans.end_plan(plan=plan, by=plan.started_by)
    assert "This plan has ended" in patient.get(url("recovery")).text
    assert "Your plan has ended" in patient.get(url("check_in")).text
    answer = patient.post(url("check_in"), {"emergency": [BLEEDING]})
    assert (answer.status_code, EMERGENCY in answer.text, NOT_KEPT in answer.text) == (409, True, True)


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_open_with_link_and_code_only_and_show_one_patient(plan, name):
    make_guidance(title="Theirs")
    theirs = start_plan(seen_patient(name="Canary"), note="Canary")
    assert come_in(plan.appointment).get(url(name)).status_code == 302
    assert Client().get(url(name)).content == Client().get("/appointment/").content
    page = come_in_with_code(plan.appointment).get(url(name)).text
    assert [words for words in ["Canary", "Theirs"] if words in page] == []
    assert theirs.check_ins.count() == 0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (WELL, THANKS),
        ({"feeling": "worse", "pain": "2"}, CALL),
        ({"feeling": "worse"}, CALL),
        ({"signs": ["you shiver"], **WELL}, CALL),
        ({"emergency": [BLEEDING], "signs": ["you shiver"], **WELL}, EMERGENCY),
        ({"emergency": [BLEEDING]}, EMERGENCY),
        ({"emergency": [BLEEDING], "feeling": "?", "pain": "99", "note": "x" * 1001}, EMERGENCY),
        ({"emergency": ["words of yesterday"]}, EMERGENCY),
        ({"emergency": [BLEEDING], "note": "\0"}, EMERGENCY),
    ],
)
def test_the_answer_to_a_check_in_comes_with_the_alarm_on_the_worklist(plan, patient, said, words):
    answer = patient.post(url("check_in"), said)
    assert answer.status_code == 200
    assert [found for found in (THANKS, CALL, EMERGENCY) if found in answer.text] == [words]
    assert NOT_KEPT not in answer.text
    assert (CheckIn.objects.count(), CheckIn.objects.alarms().count()) == (1, int(words != THANKS))


def test_ticked_signs_are_stored_as_read_and_once(plan, patient):
    for _ in range(2):
        patient.post(url("check_in"), {"emergency": [BLEEDING, "forged"], "signs": ["you shiver"], "note": "N" * 1200})
    kept = CheckIn.objects.get()
    assert kept.red_flags == [BLEEDING, "a sign that was on an earlier version of the plan", "you shiver"]
    assert (kept.note, kept.pain, kept.feeling) == ("N" * 1000, None, "")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, ["Choose how you are.", "Choose a number for your pain."]),
        ({"feeling": "better", "pain": "11"}, ["Choose a number for your pain."]),
        (WELL | {"note": "x" * 1001}, ["This has 1001 characters. Shorten it to 1000."]),
    ],
)
def test_missing_answers_are_named_and_nothing_is_stored(patient, said, words):
    page = patient.post(url("check_in"), said).text
    summary = page.partition("There is a problem")[2].partition("</ul>")[0]
    assert [each for each in words if each not in summary] == []
    assert "<title>Error: " in " ".join(page.split())
    assert CheckIn.objects.count() == 0


@pytest.mark.parametrize(
    ("said", "words"), [(WELL, THANKS), ({"feeling": "worse"}, CALL), ({"emergency": [BLEEDING]}, EMERGENCY)]
)
def test_the_advice_comes_from_a_database_that_cannot_be_written(plan, patient, said, words, caplog):
    with read_only():
        answer = patient.post(url("check_in"), said | {"note": "Canary"})
    assert answer.status_code == 503
    assert [found for found in (words, NOT_KEPT, "01632 960 005", "Canary") if found in answer.text] == [
        words,
        NOT_KEPT,
        "01632 960 005",
    ]
    assert "at the top of our list" not in answer.text
    assert CheckIn.objects.count() == 0
    assert "a check-in could not be kept: " in caplog.text
    assert "Canary" not in caplog.text


def dead(execute: Callable, sql: str, params: object, many: bool, context: dict) -> None:
    raise OperationalError("the database is gone")


@pytest.mark.parametrize(
    ("said", "words"),
    [(WELL, NOT_KEPT), ({"feeling": "worse"}, CALL), ({"emergency": [BLEEDING]}, "Call an ambulance now</h1>")],
)
def test_the_advice_comes_from_a_database_that_cannot_even_be_read(patient, said, words):
    with connection.execute_wrapper(dead):
        answer = patient.post(url("check_in"), said)
    assert answer.status_code == 503
    assert [found for found in (words, NOT_KEPT, "999, 112 or 911") if found not in answer.text] == []


@pytest.mark.parametrize("ending", ["code", "link"])
def test_an_alarm_that_is_sent_too_late_is_answered_and_not_lost_in_a_redirect(plan, patient, ending):
    if ending == "link":
        PatientLink.objects.update(ended_at=timezone.now())
    else:
        session = patient.session
        del session[CODE]
        session.save()
    answer = patient.post(url("check_in"), {"emergency": [BLEEDING]})
    assert (answer.status_code, EMERGENCY in answer.text, NOT_KEPT in answer.text) == (403, True, True)
    assert "01632 960 123" in answer.text
    assert patient.post(url("check_in"), WELL).status_code == {"code": 302, "link": 403}[ending]


def test_an_alarm_without_its_csrf_cookie_gets_the_advice(plan, patient):
    """A browser that has lost its cookies, or takes none: the check of forged forms must not swallow a sign."""
    patient.handler.enforce_csrf_checks = True
    answer = patient.post(url("check_in"), {"emergency": [BLEEDING]})
    assert (answer.status_code, EMERGENCY in answer.text, NOT_KEPT in answer.text) == (403, True, True)
    assert "We could not accept that" in patient.post(url("check_in"), WELL).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', patient.get(url("check_in")).text)[1]
    kept = patient.post(url("check_in"), WELL | {"csrfmiddlewaretoken": token})
    assert (kept.status_code, CheckIn.objects.count()) == (200, 1)


def test_check_ins_are_drawn_with_numbers_and_acknowledgements(plan, patient):
    checkins.check_in(plan=plan, feeling="same", pain=4, at=timezone.now() - timedelta(days=1))
    alarm = checkins.check_in(plan=plan, feeling="worse", pain=8, note="It throbs")
    page = patient.get(url("recovery")).text
    expected = ['<polyline class="chart-line"', "Pain, from 0 to 10", "From 4 (", "It throbs", "seen this yet"]
    assert [words for words in expected if words not in page] == []
    checkins.acknowledge(check_in=alarm, by=plan.started_by, note="Canary of staff")
    page = patient.get(url("recovery")).text
    assert ("We have seen this" in page, "Canary of staff" in page) == (True, False)


def test_the_page_takes_as_many_queries_with_one_check_in_as_with_thirty(plan, patient, django_assert_num_queries):
    checkins.check_in(plan=plan, feeling="same", pain=4)
    patient.get(url("recovery"))
    with django_assert_num_queries(QUERIES):
        patient.get(url("recovery"))
    for day in range(1, 30):
        checkins.check_in(plan=plan, feeling="worse", pain=4, at=timezone.now() - timedelta(days=day))
        make_guidance(title=f"Guidance {day}")
    with django_assert_num_queries(QUERIES):
        patient.get(url("recovery"))


def test_the_advice_does_not_wait_for_a_database_that_is_busy(committed):
    plan = start_plan()
    patient = come_in_with_code(plan.appointment)
    is_locked, is_answered = threading.Event(), threading.Event()

    def keep_it_busy() -> None:
        with transaction.atomic():
            plans.locked(plan)
            is_locked.set()
            is_answered.wait(timeout=15)
        connection.close()

    other = threading.Thread(target=keep_it_busy)
    other.start()
    is_locked.wait(timeout=15)
    answer = patient.post(url("check_in"), {"emergency": [BLEEDING]})
    is_answered.set()
    other.join()
    assert (answer.status_code, EMERGENCY in answer.text, NOT_KEPT in answer.text) == (503, True, True)
    again = patient.post(url("check_in"), {"emergency": [BLEEDING]})
    assert (again.status_code, CheckIn.objects.alarms().count()) == (200, 1)


def title_of(page: str) -> str:
    return page.partition("<title>")[2].partition(" – ")[0].strip()


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"emergency": [BLEEDING]}, "Call 999 now"),
        ({"feeling": "worse"}, "Telephone us now"),
        (WELL, "Thank you for telling us"),
    ],
)
def test_the_title_of_the_answer_has_the_advice(patient, said, title):
    page = patient.post(url("check_in"), said).text
    assert title_of(page) == title
    assert " ".join(re.sub("<[^>]*>", "", re.search("<h1.*?</h1>", page, re.DOTALL)[0]).split()) == title


def test_ending_the_calendar_address_shows_a_focused_message(patient):
    patient.post(url("recovery_calendar"), {"make": "1"})
    page = patient.post(url("recovery_calendar"), {"end": "1"}, follow=True).text
    assert "The address does not work any more." in page
    assert "autofocus" in page


def test_the_time_of_reading_is_stated_before_the_questions(patient):
    page = patient.get(url("check_in")).text
    assert page.index("People at the clinic read this") < page.index("<fieldset")


def test_the_plan_begins_with_the_number_to_call(patient):
    page = patient.get(url("recovery")).text.partition("<main")[2]
    for part in ["get-help", "care-card", "medicines", "follow-ups"]:
        assert page.index(f'href="#{part}"') < page.index('id="today"') < page.index(f'id="{part}"')
    assert 'href="#so-far"' not in page


def test_an_open_alarm_is_shown_before_the_plan(plan, patient):
    check_in = checkins.check_in(plan=plan, feeling="worse", pain=7)
    unseen = "Nobody at the clinic has seen it yet"
    assert unseen in patient.get(url("recovery")).text.partition('id="today"')[0]
    checkins.acknowledge(check_in=check_in, by=plan.started_by, note="Called")
    assert unseen not in patient.get(url("recovery")).text
