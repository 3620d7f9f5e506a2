"""What waits for whoever looks after the bookings: lists of appointments that need somebody to do something."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments.choices import COMING, Status
from appointments.desk.day_calendar import bounds
from appointments.governance.permissions import CARE, ERASE, appointments_of
from appointments.messages import messaging
from appointments.models import Appointment, CheckIn, ErasureRequest, FollowUp, PlanGuidance, PreparationTask
from appointments.models.appointments import AppointmentQuerySet
from appointments.recovery import plans as recovery


@dataclass(frozen=True)
class Worklist:
    """One kind of thing to do. `among` finds its appointments among those that somebody may see."""

    key: str
    title: str
    about: str
    among: Callable[[AppointmentQuerySet, datetime], AppointmentQuerySet]
    marks: tuple[Status, ...] = ()  # that can be made from the list itself
    is_urgent: bool = False  # True: something went wrong, and a patient may stand before a closed door
    permission: str = ""  # that it needs besides seeing appointments

    def find(self, user: AbstractUser, at: datetime | None = None) -> AppointmentQuerySet:
        if self.permission and not user.has_perm(self.permission):
            return Appointment.objects.none()
        found = self.among(appointments_of(user), at or timezone.now())
        return found.select_related("slot__clinician", "type").order_by("slot__starts", "pk")


def _today(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    starts, ends = bounds(timezone.localdate(at), 1)
    return seen.filter(slot__starts__gte=starts, slot__starts__lt=ends).exclude(status=Status.CANCELLED)


def _failed(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return seen.filter(pk__in=messaging.failed(at).order_by().values("appointment"))  # few, and asked for once


def _without_outcome(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return seen.filter(status__in=[*COMING, Status.ARRIVED], slot__ends__lt=at - timedelta(hours=1))


def _alarms(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return seen.filter(Exists(CheckIn.objects.alarms().filter(plan__appointment=OuterRef("pk"))))


def _follow_ups(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    soon = FollowUp.objects.to_book().filter(day__lte=timezone.localdate(at) + recovery.AHEAD)
    return seen.filter(Exists(soon.filter(plan__appointment=OuterRef("pk"))))


def _with_unsafe_words(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    tasks = PreparationTask.objects.in_use(at).unsafe().filter(appointment=OuterRef("pk"))
    plans = PlanGuidance.objects.in_use(at).unsafe().filter(plan__appointment=OuterRef("pk"))
    return seen.filter(Exists(tasks) | Exists(plans))


_CAME = (Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.BOOKED)  # the last: not arrived after all
WORKLISTS = [
    Worklist(
        "alarms",
        "Telephone now: worse, or a sign of danger",
        "These patients said so in a check-in. Each stays here until somebody writes down what was done.",
        _alarms,
        is_urgent=True,
        permission=CARE,
    ),
    Worklist("today", "Today", "Everybody who is expected today, in order of time.", _today, _CAME),
    Worklist(
        "telephone",
        "Telephone these patients",
        "A message could not be delivered. Tell them by telephone, then say so on their page.",
        _failed,
        is_urgent=True,
    ),
    Worklist(
        "orphaned",
        "No longer covered by working hours",
        "The clinician does not work then any more. Move or cancel them, or bring the hours back.",
        lambda seen, at: seen.orphaned().filter(slot__starts__gt=at),
        is_urgent=True,
    ),
    Worklist(
        "unconfirmed",
        "E-mail address not confirmed",
        "Nobody has entered the code that was sent there. Check the address with them when the day comes near.",
        lambda seen, at: seen.unconfirmed().filter(slot__starts__gt=at),
        (Status.CONFIRMED,),
    ),
    Worklist(
        "outcome",
        "Over, and not marked",
        "Say whether they came, so that the record is complete.",
        _without_outcome,
        _CAME,
    ),
    Worklist(
        "follow-ups",
        "Follow-ups to book",
        "Their recovery plan asks for one in the next six weeks. Open them to book it.",
        _follow_ups,
        permission=CARE,
    ),
    Worklist(
        "unsafe",
        "Hold words that must no longer be followed",
        "Advice was changed because the old words were not safe. Open its item in the checklist or in the recovery "
        "guidance: from there they get the new words, and a message.",
        _with_unsafe_words,
    ),
    Worklist(
        "erasure",
        "Asked to be erased",
        "A patient wants everything about them deleted. Do it or say why not, within one month of their asking.",
        lambda seen, at: seen.filter(Exists(ErasureRequest.objects.waiting().filter(appointment=OuterRef("pk")))),
        permission=ERASE,
    ),
    Worklist(
        "waiting",
        "Waiting for an earlier time",
        "A freed time is offered to them by itself, one after the other.",
        lambda seen, at: seen.coming(at).filter(waiting__isnull=False, waiting__ended_at=None),
    ),
]
BY_KEY = {worklist.key: worklist for worklist in WORKLISTS}


def counts(user: AbstractUser, at: datetime | None = None) -> list[tuple[Worklist, int]]:
    """Each worklist with how many are on it for `user`. Names nobody, so it needs no entry in the audit log."""
    return [(worklist, worklist.find(user, at).count()) for worklist in WORKLISTS]
