"""Recovery plans: the guidance, medicines and follow-ups of a patient after treatment.

Least privilege: only the clinician of the appointment reads and writes a plan (`plans_written_by`). Booking staff see
the alarms (`checkins`) and the follow-ups to book, and nothing else of it.

Guidance is copied into the plan, so that a later change of the clinic's guidance changes no plan. Days are counted
from the day of the treatment, day 0, in the clinic's time zone.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Status
from appointments.governance import audit
from appointments.governance.permissions import CARE, patients_of
from appointments.models import (
    Appointment,
    AppointmentType,
    AuditEntry,
    FollowUp,
    Message,
    PlanGuidance,
    PlanMedicine,
    RecoveryGuidance,
    RecoveryPlan,
    Slot,
)
from appointments.models.appointments import AppointmentQuerySet
from appointments.models.checklists import GuidanceQuerySet
from calcsite.errors import UserFacingError
from calcsite.stale import fingerprint, refuse_stale

PATIENT_FIELDS = [
    "name",
    "date_of_birth",
    "email",
    "telephone",
    "time_zone",
    "carer_name",
    "carer_relation",
    "language",
    "needs_interpreter",
    "needs",
    "condition",
]
GUIDANCE_FIELDS = [*RecoveryGuidance.WORDS, "version", "position"]
PLAN_FIELDS = ["treatment", "what", "first_day", "last_day", "note", "telephone", "seek_help"]
# Tuples, because a formset appends to the list that it gets.
ROW_FIELDS: dict[type[models.Model], tuple[str, ...]] = {
    PlanGuidance: (*RecoveryGuidance.WORDS, "position"),
    PlanMedicine: ("name", "dose", "until", "note"),
    FollowUp: ("day", "what"),
}
PLAN_ENDED = "This recovery plan has ended."
CHANGED_MEANWHILE = "This plan was changed meanwhile. What you wrote is still here, and not saved."
# Fields that change without the plan's form: the bookings of follow-ups, the calendar address, the end of the plan.
NOT_IN_FORM = {"appointment", "feed_digest", "ended_at", "version"}
WORKLIST_AHEAD = timedelta(days=42)  # a follow-up is on the worklist from then before its day

Action = AuditEntry.Action


def plans_written_by(user: AbstractUser) -> AppointmentQuerySet:
    """The appointments with a recovery plan that `user` may read and write, or may start."""
    return patients_of(user) if user.has_perm(CARE) else Appointment.objects.none()


def guidance_for(appointment: Appointment, treatment: str) -> GuidanceQuerySet:
    """The clinic's guidance for a patient's condition or all conditions, after their treatment or any treatment."""
    found = RecoveryGuidance.objects.for_condition(appointment.condition_id)
    return found.filter(treatment__in=["", treatment])


@transaction.atomic
def start_plan(
    *,
    appointment: Appointment,
    plan: RecoveryPlan,
    guidance: Iterable[int],
    rows: Iterable[models.Model] = (),
    by: AbstractUser,
    at: datetime | None = None,
) -> RecoveryPlan:
    """Save an unsaved `plan` of an appointment with its medicines and follow-ups (`rows`), and message the patient.

    `guidance` holds the keys of the chosen guidance, which is copied. Raises UserFacingError before the appointment
    has begun, unless `by` is its clinician, and when it has a plan already.
    """
    now = at or timezone.now()
    held = Appointment.objects.select_for_update(of=("self",), no_key=True).get(pk=appointment.pk)
    _check_may_start(held, by, now)
    plan.appointment, plan.started_by, plan.started_at = held, by, now
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as error:
        raise UserFacingError("There is a recovery plan for this appointment already.") from error
    _copy(plan, guidance_for(held, plan.treatment).filter(pk__in=list(guidance)))
    for row in rows:
        _write(row, plan)
    Message.objects.create(appointment=held, kind=Message.Kind.RECOVERY, plan=plan, due_at=now, created_at=now)
    audit.record(Action.CHANGED, held, by=by, detail="Recovery plan started")
    return plan


def _check_may_start(appointment: Appointment, by: AbstractUser, at: datetime) -> None:
    _check_may_write(appointment, by)
    if appointment.status in (Status.CANCELLED, Status.MISSED) or appointment.slot.starts > at:
        raise UserFacingError("A recovery plan can be started once the patient has been seen.")


def _check_may_write(appointment: Appointment, by: AbstractUser) -> None:
    if not plans_written_by(by).filter(pk=appointment.pk).exists():
        raise UserFacingError("Only the clinician of this appointment can write its recovery plan.")


def _copy(plan: RecoveryPlan, guidance: Iterable[RecoveryGuidance]) -> None:
    PlanGuidance.objects.bulk_create(
        PlanGuidance(plan=plan, source=each, **{name: getattr(each, name) for name in GUIDANCE_FIELDS})
        for each in guidance
    )


@transaction.atomic
def fingerprint_of(plan: RecoveryPlan) -> str:
    """The fingerprint of a plan, as it was read from the database, with its rows.

    Booking a follow-up does not change it. The rows are locked until the end of the transaction, so that guidance is
    replaced for safety either before or after.
    """
    rows = [row for model in ROW_FIELDS for row in model.objects.select_for_update(no_key=True).filter(plan=plan)]
    return fingerprint(plan, *rows, ignore=NOT_IN_FORM)


@transaction.atomic
def change_plan(
    *,
    plan: RecoveryPlan,
    kept: Iterable[models.Model] = (),
    removed: Iterable[models.Model] = (),
    by: AbstractUser,
    seen: str | None = None,
) -> None:
    """Save the changed fields of a plan, and its `kept` and `removed` rows. A booked follow-up is never removed.

    Raises StaleError when the plan is not in the state `seen`, and UserFacingError when it has ended and unless `by`
    is its clinician.
    """
    _check_may_write(plan.appointment, by)
    stored = locked(plan)
    refuse_stale(seen, fingerprint_of(stored), problem=CHANGED_MEANWHILE)
    RecoveryPlan.objects.filter(pk=plan.pk).update(**{name: getattr(plan, name) for name in PLAN_FIELDS})
    for row in kept:
        _write(row, plan)
    for row in removed:
        found = type(row).objects.filter(pk=row.pk, plan=plan)
        (found.filter(appointment=None) if isinstance(row, FollowUp) else found).delete()
    audit.record(Action.CHANGED, plan.appointment, by=by, detail="Recovery plan changed")


def _write(row: models.Model, plan: RecoveryPlan) -> None:
    """Save the fields of a row that are in the form. The booking of a follow-up, which is not, stays."""
    if row.pk is None:
        row.plan = plan
        row.save(force_insert=True)
    else:
        fields = {name: getattr(row, name) for name in ROW_FIELDS[type(row)]}
        if isinstance(row, PlanGuidance):
            fields["version"] = row.version  # of the words from which the clinician started
        type(row).objects.filter(pk=row.pk, plan=plan).update(**fields)


def locked(plan: RecoveryPlan) -> RecoveryPlan:
    """The stored plan, locked until the end of the transaction. Raises UserFacingError when it has ended."""
    stored = RecoveryPlan.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.pk)
    if stored.ended_at:
        raise UserFacingError(PLAN_ENDED)
    return stored


@transaction.atomic
def end_plan(*, plan: RecoveryPlan, by: AbstractUser, at: datetime | None = None) -> None:
    """End a plan. The patient can still read it, but not check in, and its calendar address is a 404 from then on.

    Alarms stay on the worklist. Raises UserFacingError when the plan has ended, and unless `by` is its clinician.
    """
    _check_may_write(plan.appointment, by)
    locked(plan)
    RecoveryPlan.objects.filter(pk=plan.pk).update(ended_at=at or timezone.now(), feed_digest="")
    audit.record(Action.CHANGED, plan.appointment, by=by, detail="Recovery plan ended")


def check_to_book(follow_up: FollowUp) -> None:
    """Raises UserFacingError when a follow-up is booked or its plan has ended."""
    if follow_up.plan.ended_at:
        raise UserFacingError(PLAN_ENDED)
    if not FollowUp.objects.to_book().filter(pk=follow_up.pk).exists():
        raise UserFacingError("This follow-up is booked already.")


@transaction.atomic
def book_follow_up(
    *,
    follow_up: FollowUp,
    slot: Slot,
    appointment_type: AppointmentType,
    mode: str,
    agreed: dict[str, Any],
    by: AbstractUser,
    at: datetime | None = None,
) -> Appointment:
    """Book a follow-up by staff, with the patient's details of the first appointment and the consent in `agreed`.

    Their words about their health stay with the first appointment. Raises UserFacingError when the follow-up is booked
    already, and as `booking.book_for_patient` does.
    """
    locked(follow_up.plan)
    check_to_book(follow_up)
    patient = Appointment.objects.get(pk=follow_up.plan.appointment_id)
    details = {name: getattr(patient, name) for name in PATIENT_FIELDS} | agreed
    made = booking.book_for_patient(
        slot=slot, appointment_type=appointment_type, mode=mode, details=details, by=by, at=at
    )
    FollowUp.objects.filter(pk=follow_up.pk).update(appointment=made)
    return made
