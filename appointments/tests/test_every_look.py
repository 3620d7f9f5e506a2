"""Every address about bookings in the admin: a name is shown only with an audit entry, and only to staff with
permission.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
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
# Permissions add up: an action refused to all of these together is refused to each of them.
OTHERS = [["Editor", "Clinical reviewer", "Administrator"], ["Clinician"]]
# Fields that any of the forms may accept.
FIELDS = {"status": "arrived", "text": "Mine", "name": "Mine", "telephone": "01632 960 009", "post": "yes", "seen": ""}


@pytest.fixture
def closure(patient: Appointment) -> Closure:
    """A closure that affects the patient."""
    starts = patient.slot.starts
    ends, clinician = starts + timedelta(hours=1), patient.slot.clinician
    return Closure.objects.create(clinician=clinician, starts=starts - timedelta(hours=1), ends=ends)


def addresses(appointment: Appointment, closure: Closure) -> list[str]:
    """Every address about bookings with these rows in it, and the searches for this patient."""
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
    """The response of each address to GET, and then to POST."""
    found = addresses(appointment, closure)
    assert len(found) > 40
    for address in found:
        yield f"GET {address}", client.get(address)
    times = {"starts": f"{closure.starts:%Y-%m-%dT%H:%M}", "ends": f"{closure.ends:%Y-%m-%dT%H:%M}"}
    for address in found:
        yield f"POST {address}", client.post(address, FIELDS | times)


def test_no_name_is_shown_without_an_audit_entry(patient, closure):
    person = people.make_person("Booking coordinator")
    entries = AuditEntry.objects.filter(by=person, reference=patient.reference, action__in=LOOKS)
    shown, known = set(), 0
    for asked, answer in answers(people.client_of(person), patient, closure):
        assert answer.status_code < 500, asked
        if CANARY in body_of(answer).replace("q=canary", ""):
            shown.add(asked.partition(LIST)[2] or asked)
            assert entries.count() > known, asked
        known = entries.count()
    assert len(shown) >= 14


@pytest.mark.parametrize("groups", OTHERS)
def test_other_staff_read_and_change_nothing_of_a_patient_at_any_address(patient, closure, groups, everything):
    person, before = people.make_person(*groups), everything()
    if groups == ["Clinician"]:
        make_clinician(user=person)
    for asked, answer in answers(people.client_of(person), patient, closure):
        assert answer.status_code < 500, asked
        assert CANARY not in body_of(answer), asked
    assert everything() == before
    assert not AuditEntry.objects.filter(by=person, action__in=LOOKS).exists()


@pytest.fixture
def everything() -> Callable[[], list]:
    """All stored data of patients."""
    return lambda: [list(model.objects.order_by("pk").values()) for model in (Appointment, Message, Note)]
