"""The worklists of the admin's first page: appointments that need an action by staff."""

from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, OuterRef
from django.utils import timezone

from appointments.choices import COMING, Status
from appointments.governance.permissions import ERASE
from appointments.governance.worklists import Worklist
from appointments.models import ErasureRequest, Message, PlanGuidance, PreparationTask
from appointments.models.appointments import AppointmentQuerySet
from appointments.recovery.worklists import ALARMS, FOLLOW_UPS
from appointments.scheduling.walltime import bounds


def _today(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    starts, ends = bounds(timezone.localdate(at), 1)
    return seen.filter(slot__starts__gte=starts, slot__starts__lt=ends).exclude(status=Status.CANCELLED)


def _failed(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return seen.filter(pk__in=Message.objects.failed(at).order_by().values("appointment"))  # few, and asked for once


def _without_outcome(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    return seen.filter(status__in=[*COMING, Status.ARRIVED], slot__ends__lt=at - timedelta(hours=1))


def _with_unsafe_words(seen: AppointmentQuerySet, at: datetime) -> AppointmentQuerySet:
    tasks = PreparationTask.objects.in_use(at).unsafe().filter(appointment=OuterRef("pk"))
    plans = PlanGuidance.objects.in_use(at).unsafe().filter(plan__appointment=OuterRef("pk"))
    return seen.filter(Exists(tasks) | Exists(plans))


_CAME = (Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.BOOKED)  # the last: not arrived after all
WORKLISTS = [
    ALARMS,
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
    FOLLOW_UPS,
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
    """Each worklist with the number of its appointments for `user`. It names no patient, so it is not audited."""
    return [(worklist, worklist.find(user, at).count()) for worklist in WORKLISTS]
