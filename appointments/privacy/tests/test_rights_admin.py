"""The screens of staff about patients' rights: with permission, audited, and with their consequences in words."""

import pytest
from django.test import Client

from appointments.governance import legal_holds
from appointments.models import Appointment, AuditEntry, LegalHold
from appointments.privacy import erasure
from appointments.tests.complete_patient import CANARY, make_everything
from appointments.tests.factories import make_appointment, make_clinician
from appointments.tests.mailbox import deliver
from calcsite.tests import people

pytestmark = pytest.mark.django_db

LIST = "/admin/appointments/appointment/"
STEPS = ["erase", "refuse-erasure", "hold"]


def client_of(*groups: str, clinician_of: Appointment | None = None) -> Client:
    person, client = people.make_person(*groups), Client()
    if clinician_of:
        clinician_of.slot.clinician.user = person
        clinician_of.slot.clinician.save()
    people.sign_in(client, person)
    return client


def test_a_request_is_on_the_worklist_until_it_is_answered(desk):
    appointment = make_appointment()
    assert "Asked to be erased" not in desk.get("/admin/").text
    erasure.ask(appointment=appointment)
    assert "Asked to be erased" in desk.get("/admin/").text
    assert appointment.name in desk.get(f"{LIST}work/erasure/").text
    assert "that everything be erased" in desk.get(f"{LIST}{appointment.pk}/change/").text
    answer = desk.post(f"{LIST}{appointment.pk}/refuse-erasure/", {"why": "A court needs it."})
    assert answer["Location"] == f"{LIST}{appointment.pk}/change/"
    assert "The patient gets an e-mail." in desk.get(answer["Location"]).text
    assert "A court needs it." in deliver()[-1].body
    assert appointment.name not in desk.get(f"{LIST}work/erasure/").text


def test_the_erase_screen_counts_rows_asks_twice_and_shows_nothing_medical(desk, coordinator):
    appointment = make_everything(coordinator)
    other = make_appointment(email=appointment.email.upper())
    page = desk.get(f"{LIST}{appointment.pk}/erase/").text
    for words in ("still to come", "symptoms: 1", "opinions: 1", "files: 1", other.reference):
        assert words in page
    shown = {appointment.reason, appointment.findings, *appointment.symptom_set.values_list("what", flat=True)}
    assert [word for word in shown if word in page] == []
    assert "Tick the box to say that you mean it." in desk.post(f"{LIST}{appointment.pk}/erase/").text
    assert Appointment.objects.filter(pk=appointment.pk).exists()
    answer = desk.post(f"{LIST}{appointment.pk}/erase/", {"sure": "on"}, follow=True)
    assert f"Everything held with {appointment.spoken_reference} is erased." in answer.text
    assert CANARY not in answer.text
    assert list(Appointment.objects.all()) == [other]
    assert AuditEntry.objects.get(action="erased").by == coordinator


def test_a_hold_is_placed_shown_and_ended_and_stops_an_erasure_in_words(desk, coordinator):
    appointment = make_appointment()
    assert "Write why it has to be kept." in desk.post(f"{LIST}{appointment.pk}/hold/").text
    desk.post(f"{LIST}{appointment.pk}/hold/", {"why": "Claim 12"})
    hold = LegalHold.objects.get()
    assert (hold.why, hold.placed_by, hold.ended_at) == ("Claim 12", coordinator, None)
    assert "Claim 12" in desk.get(f"{LIST}{appointment.pk}/change/").text
    page = desk.get(f"{LIST}{appointment.pk}/erase/").text
    assert ("There is a legal hold" in page, "Erase everything<" in page) == (True, False)
    assert "There is a legal hold" in desk.post(f"{LIST}{appointment.pk}/erase/", {"sure": "on"}).text
    assert Appointment.objects.get() == appointment
    desk.post(f"{LIST}{appointment.pk}/hold/{hold.pk}/end/")
    hold.refresh_from_db()
    assert hold.ended_at is not None
    assert "Claim 12" not in desk.get(f"{LIST}{appointment.pk}/change/").text


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("group", ["Editor", "Clinical reviewer", "Administrator", "Clinician"])
def test_others_do_nothing_of_it(group, step):
    appointment = make_appointment()
    erasure.ask(appointment=appointment)
    client = client_of(group, clinician_of=appointment)
    for answer in (
        client.get(f"{LIST}{appointment.pk}/{step}/"),
        client.post(f"{LIST}{appointment.pk}/{step}/", {"sure": "on", "why": "x"}),
    ):
        assert answer.status_code == 403
    assert Appointment.objects.filter(pk=appointment.pk, legal_holds=None, erasure_requests__refused_at=None).exists()


def test_a_clinician_sees_neither_the_request_nor_the_hold(desk, coordinator):
    appointment = make_appointment()
    erasure.ask(appointment=appointment)
    hold = legal_holds.place(appointment=appointment, why="Claim 12", by=coordinator)
    client = client_of("Clinician", clinician_of=appointment)
    page = client.get(f"{LIST}{appointment.pk}/change/").text
    assert ("that everything be erased" in page, "Claim 12" in page) == (False, False)
    assert appointment.name not in client.get(f"{LIST}work/erasure/").text
    assert client.post(f"{LIST}{appointment.pk}/hold/{hold.pk}/end/").status_code == 403


def test_a_hold_is_ended_at_its_own_appointment_only(desk, coordinator):
    appointment, other = make_appointment(), make_appointment()
    hold = legal_holds.place(appointment=appointment, why="Claim 12", by=coordinator)
    assert desk.post(f"{LIST}{other.pk}/hold/{hold.pk}/end/").status_code == 404
    assert desk.get(f"{LIST}{appointment.pk}/hold/{hold.pk}/end/").status_code == 405
    assert LegalHold.objects.get().ended_at is None


@pytest.mark.parametrize("step", STEPS)
def test_each_screen_is_audited_and_not_cached(desk, coordinator, step):
    appointment = make_appointment()
    answer = desk.get(f"{LIST}{appointment.pk}/{step}/")
    assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", "))
    (entry,) = AuditEntry.objects.filter(action="read")
    assert (entry.reference, entry.by) == (appointment.reference, coordinator)


def test_refusing_without_an_open_request_is_an_error(desk):
    appointment = make_appointment()
    make_clinician()
    page = desk.post(f"{LIST}{appointment.pk}/refuse-erasure/", {"why": "No"}).text
    assert "There is no open request" in page
