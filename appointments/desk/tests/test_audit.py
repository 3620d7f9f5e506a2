"""Every reading of a patient's record is audited with user, record and time."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from appointments.desk.day_calendar import day_calendar
from appointments.models import Appointment, AuditEntry
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"


@pytest.fixture
def reader() -> User:
    return people.make_person("Booking coordinator", username="bea")


@pytest.fixture
def desk(reader) -> Client:
    client = Client()
    people.sign_in(client, reader)
    return client


@pytest.fixture
def five() -> list[Appointment]:
    hours = make_hours()
    return [make_appointment(slot=make_slot(hours=hours)) for _ in range(5)]


def looks(action: str) -> list[tuple]:
    entries = AuditEntry.objects.filter(action=action).order_by("pk")
    return [(entry.reference, entry.actor, entry.by.username) for entry in entries]


def test_opening_five_records_leaves_five_entries(desk, five):
    for appointment in five:
        assert desk.get(f"{LIST}{appointment.pk}/change/").status_code == 200
    assert looks("read") == [(appointment.reference, "bea", "bea") for appointment in five]


@pytest.mark.parametrize("step", ["move", "cancel", "details", "message"])
def test_each_screen_with_a_name_on_it_is_a_look(desk, five, step):
    desk.get(f"{LIST}{five[0].pk}/{step}/")
    assert looks("read") == [(five[0].reference, "bea", "bea")]


def test_a_list_leaves_an_entry_for_each_record_that_it_shows(desk, five):
    desk.get(LIST)
    assert sorted(looks("listed")) == sorted((appointment.reference, "bea", "bea") for appointment in five)


def test_a_search_audits_its_results_and_not_the_query(desk, five):
    desk.get(LIST, {"q": five[2].reference})
    assert looks("listed") == [(five[2].reference, "bea", "bea")]
    assert AuditEntry.objects.get(action="listed").detail == "Search"


def test_the_second_page_of_a_list_audits_its_own_rows(desk):
    hours = make_hours()
    for _ in range(51):
        make_appointment(slot=make_slot(hours=hours))
    desk.get(LIST, {"p": 2})
    assert len(looks("listed")) == 1


@pytest.mark.parametrize("view", ["day", "week"])
def test_a_calendar_with_names_leaves_an_entry_for_each(desk, reader, view):
    appointment = make_appointment()
    desk.get(f"{LIST}calendar/", {"day": f"{appointment.slot.starts:%Y-%m-%d}", "view": view})
    assert looks("listed") == [(appointment.reference, "bea", "bea")]
    assert len(day_calendar(reader, appointment.slot.starts.date()).appointments) == 1


def test_a_worklist_leaves_an_entry_for_each(desk, five):
    desk.get(f"{LIST}work/unconfirmed/")
    assert len(looks("listed")) == 5


def test_the_first_page_and_an_empty_form_audit_nothing(desk, five):
    desk.get("/admin/")
    desk.get(f"{LIST}book/{make_slot().pk}/")
    assert looks("read") + looks("listed") == []


def test_a_refused_look_leaves_nothing(five):
    client = Client()
    people.sign_in(client, people.make_person("Editor"))
    client.get(f"{LIST}{five[0].pk}/change/")
    client.get(LIST)
    assert looks("read") + looks("listed") == []


def test_a_look_is_on_record_before_the_page_is_shown(desk, five):
    page = desk.get(f"{LIST}{five[0].pk}/change/").content.decode()
    assert "Looked at" in page
