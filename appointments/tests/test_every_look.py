"""At every address of booking in the admin: no name is shown without an entry in the log, or to others at all."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from appointments.governance.tests.test_staff_access import CANARY, LIST, body_of, patient, patterns
from appointments.models import Appointment, AuditEntry, Closure, Message, Note
from appointments.tests.factories import make_clinician
from calcsite.tests import people

pytestmark = pytest.mark.django_db

__all__ = ["patient"]  # the fixture
LOOKS = ["read", "listed", "exported"]
# Permissions add up: what all of these together may not do, none of them may.
OTHERS = [["Editor", "Clinical reviewer", "Administrator"], ["Clinician"]]
# What any of the forms might take for an answer.
FIELDS = {"status": "arrived", "text": "Mine", "name": "Mine", "telephone": "01632 960 009", "post": "yes", "seen": ""}


@pytest.fixture
def closure(patient: Appointment) -> Closure:
    """One that hits the patient."""
    starts = patient.slot.starts
    ends, clinician = starts + timedelta(hours=1), patient.slot.clinician
    return Closure.objects.create(clinician=clinician, starts=starts - timedelta(hours=1), ends=ends)


def addresses(appointment: Appointment, closure: Closure) -> list[str]:
    """Every address about booking with these rows in it, and the ways to ask for this patient."""
    message = Message.objects.filter(appointment=appointment).first()
    rows = {"closure": closure.pk, "clinician": closure.clinician_id, "auditentry": AuditEntry.objects.first().pk}
    names = {pattern.name for pattern in patterns(get_resolver()) if (pattern.name or "").startswith("appointments_")}
    found = {"/admin/"}
    for name in names:
        row = rows.get(name.split("_")[1], appointment.pk)
        for given in [[], [row], [row, message.pk], *([["orphaned"]] if name == "appointments_worklist" else [])]:
            with suppress(NoReverseMatch):
                found.add(reverse(f"admin:{name}", args=given))
    day = appointment.slot.starts.date()
    asked = {f"{LIST}?q={appointment.reference}", f"{LIST}export/?q=canary", f"{LIST}?when=coming"}
    return sorted(found | asked | {f"{LIST}calendar/?day={day}", f"{LIST}calendar/?day={day}&view=week"})


def answers(client: Client, appointment: Appointment, closure: Closure) -> Iterator[tuple[str, HttpResponse]]:
    """What each address says, asked first and then told something."""
    found = addresses(appointment, closure)
    assert len(found) > 40
    for address in found:
        yield f"GET {address}", client.get(address)
    times = {"starts": f"{closure.starts:%Y-%m-%dT%H:%M}", "ends": f"{closure.ends:%Y-%m-%dT%H:%M}"}
    for address in found:
        yield f"POST {address}", client.post(address, FIELDS | times)


def client_of(person: User) -> Client:
    client = Client()
    people.sign_in(client, person)
    return client


def test_no_name_is_shown_without_an_entry_of_who_saw_it(patient, closure):
    person = people.make_person("Booking coordinator")
    entries = AuditEntry.objects.filter(by=person, reference=patient.reference, action__in=LOOKS)
    shown, known = set(), 0
    for asked, answer in answers(client_of(person), patient, closure):
        assert answer.status_code < 500, asked
        if CANARY in body_of(answer).replace("q=canary", ""):
            shown.add(asked.partition(LIST)[2] or asked)
            assert entries.count() > known, asked
        known = entries.count()
    assert len(shown) >= 14


@pytest.mark.parametrize("groups", OTHERS)
def test_nobody_else_reads_or_changes_anything_of_a_patient_at_any_address(patient, closure, groups, everything):
    person, before = people.make_person(*groups), everything()
    if groups == ["Clinician"]:
        make_clinician(user=person)
    for asked, answer in answers(client_of(person), patient, closure):
        assert answer.status_code < 500, asked
        assert CANARY not in body_of(answer), asked
    assert everything() == before
    assert not AuditEntry.objects.filter(by=person, action__in=LOOKS).exists()


@pytest.fixture
def everything() -> Callable[[], list]:
    """All that is kept of patients."""
    return lambda: [list(model.objects.order_by("pk").values()) for model in (Appointment, Message, Note)]
