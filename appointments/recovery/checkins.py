"""Check-ins: the patient's own account of their recovery, the advice in answer, and alarms for the clinic.

Feeling worse or ticking a sign of danger raises an alarm. It is at the top of the worklists in the same transaction,
until a member of staff acknowledges it with a note.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.formats import date_format

from appointments.choices import Feeling
from appointments.governance import audit
from appointments.governance.permissions import CARE, appointments_of
from appointments.models import Appointment, AuditEntry, CheckIn, RecoveryPlan
from appointments.models.appointments import AppointmentQuerySet
from appointments.models.recovery import CheckInQuerySet
from appointments.recovery.plans import locked
from calcsite.charts import Chart, line_chart
from calcsite.errors import UserFacingError
from conditions.models import Condition

REPEAT_WITHIN = timedelta(minutes=10)  # an equal check-in within that time is a second click or a reload
CHART_CHECK_INS = 60
MAX_PAIN = 10
# Signs for a patient without a condition, or with one that has no public page. Bleeding is added in any case.
GENERAL_SIGNS = [
    "you or someone with you has a seizure for the first time, or one that lasts 5 minutes or more",
    "a face droops on one side, an arm or leg is suddenly weak, or it is hard to speak",
    "you or someone with you has a sudden headache that is the worst ever",
    "you or someone with you has chest pain, or it is very hard to breathe",
    "you or someone with you is suddenly very confused, or hard to wake",
]
TREATMENT_SIGNS = ["blood keeps coming from a wound, although you press on it"]


class Advice(StrEnum):
    """The advice in the answer to a check-in."""

    EMERGENCY = "emergency"
    CALL = "call"
    GO_ON = "go_on"


def advice_for(*, feeling: str, emergencies: Sequence[str], signs: Sequence[str]) -> Advice:
    """Any emergency sign means an ambulance; feeling worse or a sign of the plan means a call to the clinic."""
    if emergencies:
        return Advice.EMERGENCY
    return Advice.CALL if signs or feeling == Feeling.WORSE else Advice.GO_ON


def emergency_signs(appointment: Appointment) -> list[str]:
    """The signs for calling an ambulance: those of the public page of the patient's condition, and bleeding."""
    live = Condition.objects.filter(pk=appointment.condition_id, live_edition__isnull=False)
    named = live.values_list("live_edition__content__care_signs", flat=True).first()
    return [*(named or GENERAL_SIGNS), *TREATMENT_SIGNS]


@transaction.atomic
def check_in(
    *,
    plan: RecoveryPlan,
    feeling: str = "",
    pain: int | None = None,
    note: str = "",
    red_flags: Iterable[str] = (),
    at: datetime | None = None,
) -> CheckIn:
    """Store a check-in. A repeated one is stored once. Raises UserFacingError when the plan has ended."""
    now, flags = at or timezone.now(), list(red_flags)
    plan = locked(plan)
    latest = CheckIn.objects.filter(plan=plan, at__gt=now - REPEAT_WITHIN, acknowledged_at=None).first()
    said = (feeling, pain, note, flags)
    if latest and (latest.feeling, latest.pain, latest.note, latest.red_flags) == said:
        return latest
    is_alarm = feeling == Feeling.WORSE or bool(flags)
    fields = {"feeling": feeling, "pain": pain, "note": note, "red_flags": flags, "is_alarm": is_alarm}
    return CheckIn.objects.create(plan=plan, at=now, **fields)


def alarms_of(user: AbstractUser) -> CheckInQuerySet:
    """The alarms that `user` may see and acknowledge: those of appointments they may see. Oldest first."""
    if not user.has_perm(CARE):
        return CheckIn.objects.none()
    return CheckIn.objects.alarms().filter(plan__appointment__in=appointments_of(user))


def by_urgency(appointments: AppointmentQuerySet) -> AppointmentQuerySet:
    """Appointments with an alarm in the order of the calls to make: signs of danger first, then the longest wait."""
    theirs = CheckIn.objects.alarms().filter(plan__appointment=OuterRef("pk"))
    found = appointments.annotate(
        has_sign=Exists(theirs.exclude(red_flags=[])), waits_since=Subquery(theirs.values("at")[:1])
    )
    return found.order_by("-has_sign", "waits_since", "pk")


@transaction.atomic
def acknowledge(*, check_in: CheckIn, by: AbstractUser, note: str, at: datetime | None = None) -> None:
    """Acknowledge an alarm with a note about the action taken. It leaves the worklist. Of two at once, the first wins.

    Raises UserFacingError for an acknowledged alarm, for one that `by` may not see, and without a note.
    """
    if not note.strip():
        raise UserFacingError("Write what you have done.")
    waiting = alarms_of(by).filter(pk=check_in.pk).values("pk")
    # Repeated outside the subquery, which PostgreSQL does not evaluate again after waiting for a concurrent write.
    mine = CheckIn.objects.filter(pk__in=waiting, acknowledged_at=None)
    if mine.update(acknowledged_at=at or timezone.now(), acknowledged_by=by, acknowledged_note=note.strip()) != 1:
        raise UserFacingError(_refusal(check_in))
    audit.record(AuditEntry.Action.NOTED, check_in.plan.appointment, by=by, detail="Check-in dealt with")


def _refusal(check_in: CheckIn) -> str:
    first = CheckIn.objects.select_related("acknowledged_by").get(pk=check_in.pk)
    if first.acknowledged_by is None:
        return "You cannot deal with this check-in."
    when = date_format(timezone.localtime(first.acknowledged_at), "j F, H:i")
    return f"{first.acknowledged_by} has dealt with this already ({when}): {first.acknowledged_note}"


def pain_chart(check_ins: Sequence[CheckIn]) -> Chart:
    """A line chart of the pain in check-ins, which come newest first."""
    points = [(date_format(timezone.localtime(each.at), "j M"), each.pain) for each in reversed(check_ins)]
    return line_chart("pain", "Pain, from 0 to 10", points, period="Day", highest=MAX_PAIN)
