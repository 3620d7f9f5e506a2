"""The readiness board: patients, missing parts, one nudge a day, and no content."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from appointments.booking import records
from appointments.choices import Status, TaskStatus, Tool
from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, DocumentRequest, Message, PreparationTask, Symptom
from appointments.opinions.tests import makers
from appointments.preparation import readiness
from appointments.tests.clients import come_in_with_code
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.mailbox import deliver, html_of
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db

BOARD = "/admin/appointments/appointment/readiness/"
CANARY = "canary-of-a-patient"


@pytest.fixture
def desk() -> Client:
    client = Client()
    people.sign_in(client, people.make_person("Booking coordinator", username="bea"))
    return client


def make_soon(days: float = 2, **details) -> Appointment:
    """An appointment in so many days, with three tasks, of which one is done."""
    starts = timezone.now() + timedelta(days=days)
    appointment = make_appointment(slot=make_slot(hours=make_hours(), starts=starts), **details)
    appointment.tasks.all().delete()
    states = {Tool.MEDICINES: TaskStatus.DONE, Tool.SYMPTOMS: TaskStatus.STARTED, Tool.QUESTIONS: TaskStatus.TO_DO}
    for place, (tool, status) in enumerate(states.items()):
        PreparationTask.objects.create(
            appointment=appointment, version=1, tool=tool, title=tool.label, text=".", status=status, position=place
        )
    return appointment


def make_ready(appointment: Appointment) -> None:
    appointment.tasks.update(status=TaskStatus.NOT_NEEDED)
    records.mark(appointment=appointment, status=Status.CONFIRMED, by=audit.PATIENT)


def test_the_board_names_the_missing_parts(desk):
    appointment = make_soon()
    DocumentRequest.objects.create(appointment=appointment, what="The scan of March")
    DocumentRequest.objects.create(appointment=appointment, what="The letter", waived_at=timezone.now())
    page = " ".join(desk.get(BOARD).text.split())
    assert "List: 1 of 3 done. Open: Symptoms and worries; Questions to ask" in page
    assert "<strong>Should be done by now:</strong> Symptoms and worries; Questions to ask" in page
    assert "<strong>Records missing:</strong> The scan of March</li>" in page.replace(" </li>", "</li>")
    assert "E-mail address not confirmed" in page
    assert "Not ready" in page
    assert f"/appointment/{appointment.pk}/move/" in page


def test_a_ready_patient_is_not_nudged(desk):
    appointment = make_soon()
    make_ready(appointment)
    page = desk.get(BOARD).text
    assert "readiness-ready" in page
    assert f"/{appointment.pk}/nudge/" not in page
    with pytest.raises(UserFacingError, match="Nothing is open"):
        readiness.nudge(appointment=appointment, by=people.make_person())


@pytest.mark.parametrize(("asked", "seen"), [("", 1), ("?days=14", 2), ("?days=30", 3), ("?days=x", 1)])
def test_the_board_is_of_the_next_days(desk, asked, seen):
    for days in [2, 10, 25, 45]:
        make_soon(days)
    assert desk.get(BOARD + asked).text.count("readiness-state") == seen


def test_the_board_takes_as_many_queries_for_thirty_as_for_one(desk, django_assert_max_num_queries):
    def queries() -> int:
        with django_assert_max_num_queries(40) as found:
            assert desk.get(f"{BOARD}?days=30").status_code == 200
        return len(found)

    make_soon()
    queries()  # the look-ups that a process caches
    one = queries()
    for number in range(29):
        make_soon(2 + number / 2)
    assert desk.get(f"{BOARD}?days=30").text.count("readiness-state") == 30
    assert queries() == one


def test_the_board_shows_no_content_and_links_to_it_for_the_clinician(desk):
    appointment = make_soon(reason=CANARY, findings=CANARY)
    Symptom.objects.create(appointment=appointment, what=CANARY)
    own = people.client_of(makers.clinician_of(appointment))
    pack = f"/admin/appointments/appointment/{appointment.pk}/pack/"
    assert (CANARY in desk.get(BOARD).text, pack in desk.get(BOARD).text) == (False, False)
    assert (CANARY in own.get(BOARD).text, pack in own.get(BOARD).text) == (False, True)


def test_a_clinician_sees_their_own_patients_on_the_board():
    mine, other = make_soon(), make_soon()
    page = people.client_of(makers.clinician_of(mine)).get(BOARD).text
    assert (mine.spoken_reference in page, other.spoken_reference in page) == (True, False)
    editor = people.client_of(people.make_person("Editor"))
    assert editor.get(BOARD).status_code == 403


def test_every_name_on_the_board_is_on_record(desk):
    appointments = [make_soon(), make_soon(3)]
    desk.get(BOARD)
    entries = AuditEntry.objects.filter(action="listed").values_list("reference", "actor", "detail")
    assert sorted(entries) == sorted((each.reference, "bea", "Readiness") for each in appointments)


def test_a_nudge_does_not_name_the_open_tasks(desk):
    appointment = make_soon(reason=CANARY)
    deliver()
    answer = desk.post(f"/admin/appointments/appointment/{appointment.pk}/nudge/", {"days": "14"})
    assert answer["Location"] == f"{BOARD}?days=14&page=1"
    (email,) = deliver()
    told = f"{email.subject} {email.body} {html_of(email)}"
    assert "some things on your list for the appointment are still open" in email.body
    for word in [CANARY, *(tool.label for tool in Tool)]:
        assert word not in told
    assert "Nudged today" in desk.get(BOARD).text
    assert AuditEntry.objects.get(action="messaged").detail == "Reminded of the list"


def test_a_patient_is_nudged_once_a_day_for_all_appointments():
    by, first, second = people.make_person(), make_soon(), make_soon(3, email="KIM@home.example")
    readiness.nudge(appointment=first, by=by)
    for again in (first, second):
        with pytest.raises(UserFacingError, match="reminded today"):
            readiness.nudge(appointment=again, by=by)
    readiness.nudge(appointment=second, by=by, at=timezone.now() + timedelta(days=1))
    assert Message.objects.filter(kind="nudge").count() == 2


def test_a_nudge_that_is_overtaken_is_not_sent():
    appointment = make_soon()
    deliver()
    readiness.nudge(appointment=appointment, by=people.make_person())
    make_ready(appointment)
    assert deliver() == []


def test_without_an_address_or_after_the_time_there_is_no_nudge(desk):
    appointment = make_soon(email="")
    assert "telephone 01632 960 001" in desk.get(BOARD).text
    with pytest.raises(UserFacingError, match="Telephone"):
        readiness.nudge(appointment=appointment, by=people.make_person())
    over = make_soon()
    with time_machine.travel(over.slot.ends), pytest.raises(UserFacingError, match="has passed"):
        readiness.nudge(appointment=over, by=people.make_person())


def test_a_nudge_needs_access_to_the_appointment():
    appointment = make_soon()
    other = people.client_of(makers.clinician_of(make_soon()))
    for client, status in [(other, 404), (come_in_with_code(appointment), 302), (Client(), 302)]:
        assert client.post(f"/admin/appointments/appointment/{appointment.pk}/nudge/").status_code == status
    assert not Message.objects.filter(kind="nudge").exists()
