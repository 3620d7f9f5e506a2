"""Access to patients for coordinators and the patient's own clinician only, at every address."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from appointments.booking import records
from appointments.booking.staff_forms import CancelForm, MoveForm
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Draft, Message, WaitingEntry
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot
from calcsite.tests import people
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db

CANARY = "canary-of-a-patient"
LIST = "/admin/appointments/appointment/"
# Permissions add up: an action refused to all of these together is refused to each of them.
WITHOUT_PATIENTS = [["Editor", "Clinical reviewer", "Administrator"], []]


@pytest.fixture
def patient() -> Appointment:
    """A patient with a canary in every field."""
    fields = ["name", "carer_name", "telephone", "needs", "reason", "findings", "language", "carer_relation"]
    details = dict.fromkeys(fields, f"{CANARY} 12345") | {"email": f"{CANARY}@home.example"}
    appointment = make_appointment(condition=make_live(name="Gout", slug="gout"), **details)
    staff = people.make_person("Booking coordinator")
    records.write_note(appointment=appointment, text=CANARY, by=staff)
    queue.send_from_staff(appointment=appointment, text=CANARY, by=staff)
    Message.objects.update(last_error=CANARY)
    Draft.objects.create(digest="a", answers={"name": CANARY})
    WaitingEntry.objects.create(appointment=appointment)
    appointment.slot.is_covered = False
    appointment.slot.save()
    return appointment


def clinician_client(appointment: Appointment | None = None) -> Client:
    """A clinician, of this appointment or of others only."""
    person = people.make_person("Clinician")
    clinician = appointment.slot.clinician if appointment else make_clinician()
    clinician.user = person
    clinician.save()
    client = Client()
    people.sign_in(client, person)
    return client


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        yield from patterns(pattern) if isinstance(pattern, URLResolver) else [pattern]


def every_address() -> set[str]:
    """Every address of the admin with rows of each model in it."""
    keys = {1} | {model._default_manager.values_list("pk", flat=True).first() or 1 for model in admin.site._registry}
    keys |= set(Appointment.objects.values_list("pk", flat=True)) | {"today", "waiting", "orphaned", "unconfirmed"}
    found = {"/admin/", "/admin/autocomplete/"}
    for name in {pattern.name for pattern in patterns(get_resolver()) if pattern.name}:
        for given in [[], *([str(key)] for key in keys), ["1", "1"]]:
            try:
                found.add(reverse(f"admin:{name}", args=given))
            except NoReverseMatch:
                continue
    return {address for address in found if "logout" not in address}


def body_of(answer) -> str:
    return "" if answer.streaming else answer.content.decode()


@pytest.mark.parametrize("groups", WITHOUT_PATIENTS)
def test_staff_without_patients_find_none_at_any_address(patient, groups):
    client = people.client_with_roles(*groups)
    addresses = every_address()
    assert len(addresses) > 100
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code < 500, address
        assert CANARY not in body_of(answer), address
        if address.startswith(LIST) and "/feed/" not in address:
            assert answer.status_code in {403, 405}, address


@pytest.mark.parametrize("groups", WITHOUT_PATIENTS)
def test_staff_without_patients_change_none_at_any_address(patient, groups):
    client, before = people.client_with_roles(*groups), Appointment.objects.values().get()
    fields = {"status": "arrived", "why": "", "text": "Mine", "name": "Mine", "telephone": "12345"}
    fields["seen"] = CancelForm.sign(patient.revision)
    for step in ["move", "cancel", "details", "message", "mark", "note", "link", "handled/1"]:
        assert client.post(f"{LIST}{patient.pk}/{step}/", fields).status_code == 403
    assert client.post(f"{LIST}export/").status_code == 403
    assert Appointment.objects.values().get() == before


def test_visitors_are_sent_to_the_sign_in_page(patient):
    assert Client().get(f"{LIST}{patient.pk}/change/").status_code == 302
    outsider = people.make_person("Booking coordinator", is_staff=False)
    client = Client()
    people.sign_in(client, outsider)
    assert client.get(LIST).status_code == 302


def test_a_clinician_sees_their_own_patient_and_no_others_at_any_address(patient):
    assert CANARY in body_of(clinician_client(patient).get(f"{LIST}{patient.pk}/change/"))
    other = clinician_client()
    for address in every_address():
        assert CANARY not in body_of(other.get(address)), address


def test_a_clinician_does_not_move_their_patient_into_the_time_of_another(patient):
    other = make_slot(hours=make_hours(types=[patient.appointment_type]))
    client = clinician_client(patient)
    client.post(f"{LIST}{patient.pk}/move/?anybody=on", {"slot": other.pk, "seen": MoveForm.sign(patient.revision)})
    patient.refresh_from_db()
    assert patient.slot != other


def test_a_clinician_neither_books_nor_exports(patient):
    client, slot = clinician_client(patient), make_slot(hours=patient.slot.hours)
    assert client.get(f"{LIST}book/{slot.pk}/").status_code == 403
    assert client.post(f"{LIST}export/").status_code == 403


def test_a_clinician_searches_among_their_own_only(patient):
    client = clinician_client()
    for asked in ({"q": CANARY}, {"q": patient.reference}, {"clinician": patient.slot.clinician_id}, {"all": ""}):
        assert patient.reference not in body_of(client.get(LIST, asked)).replace(str(asked.get("q")), "")


LOOKUPS = ["reason__startswith=c", "name__contains=canary", "notes__text__contains=c", "email__startswith=c"]
LOOKUPS += ["slot__clinician__user__password__startswith=a", "links__digest__startswith=a", "draft__answers=c"]
LOOKUPS += ["condition__name__startswith=G", "uid=1", "audit__actor__startswith=p"]


@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_filter_is_no_oracle(patient, lookup):
    asked = dict([lookup.split("=")])
    assert people.client_with_roles("Booking coordinator").get(LIST, asked).status_code == 400
    assert people.client_with_roles("Administrator").get(LIST, asked).status_code == 403
    log = people.client_with_roles("Administrator").get(
        "/admin/appointments/auditentry/", {f"appointment__{lookup.split('=')[0]}": "c"}
    )
    assert log.status_code == 400


@pytest.mark.parametrize("group", ["Editor", "Administrator", "Booking coordinator", "Clinician"])
@pytest.mark.parametrize("model", ["auditentry", "note", "message", "waitingentry", "patientlink"])
def test_no_autocomplete_shows_appointments(patient, group, model):
    asked = {"app_label": "appointments", "model_name": model, "field_name": "appointment", "term": "canary"}
    answer = people.client_with_roles(group).get("/admin/autocomplete/", asked)
    assert answer.status_code in {403, 404}
    assert patient.reference not in body_of(answer)


def test_the_log_of_the_admin_and_the_audit_log_name_no_patient(patient):
    client = people.client_with_roles("Booking coordinator")
    client.get(f"{LIST}{patient.pk}/change/")
    client.post(f"{LIST}{patient.pk}/details/", {"name": f"{CANARY} 2", "telephone": "12345"})
    assert [entry for entry in LogEntry.objects.all() if CANARY in f"{entry.object_repr}{entry.change_message}"] == []
    assert [entry for entry in AuditEntry.objects.all() if CANARY in f"{entry.actor}{entry.detail}"] == []


def test_an_administrator_reads_the_audit_log_which_has_no_forms(patient):
    client = people.client_with_roles("Administrator")
    log = "/admin/appointments/auditentry/"
    assert patient.reference in body_of(client.get(log))
    entry = AuditEntry.objects.first()
    assert client.get(f"{log}{entry.pk}/change/").status_code == 200
    assert client.post(f"{log}{entry.pk}/change/", {"actor": "nobody"}).status_code == 403
    assert client.post(f"{log}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{log}add/", {"actor": "nobody"}).status_code == 403
    for group in ["Booking coordinator", "Clinician", "Editor"]:
        assert people.client_with_roles(group).get(log).status_code == 403


def test_pages_about_patients_are_not_cached(patient):
    client = people.client_with_roles("Booking coordinator")
    addresses = [LIST, f"{LIST}{patient.pk}/change/", f"{LIST}calendar/", f"{LIST}work/orphaned/"]
    for address in addresses:
        assert {"private", "no-store"} <= set(client.get(address).headers["Cache-Control"].split(", "))
    assert "no-store" in client.post(f"{LIST}export/").headers["Cache-Control"]
