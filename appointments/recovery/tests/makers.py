"""Patients after a treatment, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.utils import timezone

from appointments.models import Appointment, Clinician, FollowUp, PlanMedicine, RecoveryGuidance, RecoveryPlan
from appointments.recovery import plans
from appointments.tests.factories import make_appointment
from calcsite.tests import people

BASE = "/admin/appointments/appointment/"
PLAN = {
    "treatment": "operation",
    "first_day": date(2026, 11, 2),
    "telephone": "Recovery team, 01632 960 005",
    "seek_help": "the wound gets hotter\n\nyou shiver",
}
GUIDANCE = {"title": "Rest", "text": "Rest today.", "do": "Drink water\nSleep", "dont": "Lift", "normal": "Some pain."}


def make_carer(*more: str) -> User:
    """A member of staff with the permissions for recovery, without a group: a test that commits would leave groups
    behind.
    """
    person = people.make_person()
    codenames = ["view_appointment", "change_appointment", "care_recovery", *more]
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return person


def move_back(appointment: Appointment) -> None:
    """Move an appointment into the past."""
    slot = appointment.slot
    slot.starts, slot.ends = (at - timedelta(days=60) for at in (slot.starts, slot.ends))
    slot.busy_until = slot.ends
    slot.save()


def seen_patient(**details: Any) -> Appointment:
    """A patient whose appointment is over, with a clinician who can sign in."""
    appointment = make_appointment(**details)
    move_back(appointment)
    Clinician.objects.filter(pk=appointment.slot.clinician_id).update(user=make_carer())
    return Appointment.objects.select_related("slot__clinician__user", "appointment_type").get(pk=appointment.pk)


def make_guidance(**fields: Any) -> RecoveryGuidance:
    return RecoveryGuidance.objects.create(**GUIDANCE | fields)


def start_plan(appointment: Appointment | None = None, *, by: User | None = None, **fields: Any) -> RecoveryPlan:
    """A plan with all guidance that applies, a medicine and a follow-up. Its first day is the clinic's today."""
    appointment = appointment or seen_patient()
    plan = RecoveryPlan(**PLAN | {"first_day": timezone.localdate()} | fields)
    rows = [
        PlanMedicine(name="Paracetamol", dose="one, four times a day"),
        FollowUp(day=plan.first_day + timedelta(days=14), what="A talk with Dr Example"),
    ]
    by = by or appointment.slot.clinician.user
    guidance = plans.guidance_for(appointment, plan.treatment).values_list("pk", flat=True)
    return plans.start_plan(appointment=appointment, plan=plan, guidance=guidance, rows=rows, by=by)


@contextmanager
def read_only() -> Iterator[None]:
    """A read-only database, as on a full disk or a standby."""
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            connection.cursor().execute("PRAGMA query_only = OFF")
        return
    with transaction.atomic():  # rolled back, it can be written again
        connection.cursor().execute("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)
