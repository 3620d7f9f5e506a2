"""The worklists of recovery: check-ins that raise an alarm, and follow-ups to book."""

from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments.governance.permissions import CARE
from appointments.governance.worklists import Worklist
from appointments.models import CheckIn, FollowUp
from appointments.models.appointments import AppointmentQuerySet
from appointments.recovery.plans import WORKLIST_AHEAD


def find_alarms(visible: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return visible.filter(Exists(CheckIn.objects.alarms().filter(plan__appointment=OuterRef("pk"))))


def find_follow_ups(visible: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    soon = FollowUp.objects.to_book().filter(day__lte=timezone.localdate(at) + WORKLIST_AHEAD)
    return visible.filter(Exists(soon.filter(plan__appointment=OuterRef("pk"))))


ALARMS = Worklist(
    "alarms",
    "Telephone now: worse, or a sign of danger",
    "These patients said so in a check-in. Each stays here until somebody writes down what was done.",
    find_alarms,
    is_urgent=True,
    permission=CARE,
)
FOLLOW_UPS = Worklist(
    "follow-ups",
    "Follow-ups to book",
    "Their recovery plan asks for one in the next six weeks. Open them to book it.",
    find_follow_ups,
    permission=CARE,
)
