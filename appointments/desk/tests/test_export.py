"""The spreadsheet export: all rows and columns of the list, and no cell that a spreadsheet would execute."""

import csv
from io import StringIO

import pytest
from django.test import Client

from appointments.desk.spreadsheet import safe_cell
from appointments.models import AuditEntry
from appointments.tests.factories import make_appointment
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"
FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    " =1",
    "\u3000=1",
    "＝1",
    "＋1",
    "－1",
    "＠a",
]
FORMULAS += ["  ＝1", "\ufeff=1", "\u200b=1", "\xa0=1", "\u2028=1"]


@pytest.fixture
def desk() -> Client:
    client = Client()
    people.sign_in(client, people.make_person("Booking coordinator"))
    return client


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("words", FORMULAS)
def test_cells_that_look_like_formulas_are_quoted(words):
    assert safe_cell(words) == "'" + words


@pytest.mark.parametrize("words", ["Kim", "O'Neill", "李", "a=b", "a@b.example", "", "1-2", "2026-11-23"])
def test_other_words_stay_as_they_are(words):
    assert safe_cell(words) == words


@pytest.mark.parametrize("words", ["Kim;=1+1", "Kim; =1", 'Kim;"=1"', "Kim;;＝1", "a@b.example;@SUM(A1)"])
def test_formulas_behind_a_semicolon_are_quoted_too(words):
    """With a decimal comma, a spreadsheet opens a new cell there, even inside quotes."""
    assert {part[:1] for part in safe_cell(words).split(";")[1:]} <= {"'", ""}
    assert safe_cell(words).replace("'", "") == words


def test_a_name_that_is_a_formula_is_saved_as_words(desk):
    make_appointment(name='=HYPERLINK("https://evil.example")', telephone="+44 1632 960 001")
    row = rows_of(desk.post(f"{LIST}export/"))[0]
    assert (row["Patient"], row["Telephone"]) == ('\'=HYPERLINK("https://evil.example")', "'+44 1632 960 001")


def test_names_in_any_script_arrive_whole(desk):
    names = {"李小龍", "O'Neill, “Kim”", "עברית", "Zoë 🙂", 'a "b" ; c'}
    for name in names:
        make_appointment(name=name)
    assert {row["Patient"] for row in rows_of(desk.post(f"{LIST}export/"))} == names


def test_the_export_has_the_rows_of_the_list_and_each_is_audited(desk):
    shown, other = make_appointment(name="Ada Shown"), make_appointment(name="Kim Hidden")
    rows = rows_of(desk.post(f"{LIST}export/?q=shown&status=booked"))
    assert [row["Reference"] for row in rows] == [shown.reference]
    saved = AuditEntry.objects.filter(action="exported")
    assert [entry.reference for entry in saved] == [shown.reference]
    assert other.reference not in str(rows)


def test_nothing_medical_is_saved(desk):
    make_appointment(reason="canary", findings="canary", needs="canary")
    assert b"canary" not in desk.post(f"{LIST}export/").content


def test_saving_is_asked_for_by_a_button_and_not_by_an_address(desk):
    make_appointment()
    assert desk.get(f"{LIST}export/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    people.sign_in(strict, people.make_person("Booking coordinator"))
    assert strict.post(f"{LIST}export/").status_code == 403
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_a_filter_that_is_none_saves_nothing(desk):
    make_appointment()
    make_appointment()
    assert desk.post(f"{LIST}export/?reason__startswith=a").status_code == 400
    assert desk.post(f"{LIST}export/?type__id__exact=x").status_code == 302


def test_a_bookmark_with_the_old_parameter_of_the_type_still_filters(desk):
    mine, other = make_appointment(name="Mine"), make_appointment(name="Other")
    page = desk.get(f"{LIST}?type__id__exact={mine.appointment_type_id}").text
    assert (mine.spoken_reference in page, other.spoken_reference in page) == (True, False)
    saved = desk.post(f"{LIST}export/?type__id__exact={other.appointment_type_id}").content.decode()
    assert (mine.reference in saved, other.reference in saved) == (False, True)
