"""Availability: the slots that come of working hours, and the free times that patients choose from.

Slots are rows, made for some weeks ahead (`slot_sync`). A time that several clinicians have free is one line for a
patient who asks for any of them, with one name: which of the free clinicians comes first changes daily, so that all
are booked.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from appointments.governance.permissions import may_see_all, slots_of
from appointments.models import Appointment, AppointmentType, Clinician, Slot
from appointments.models.hours import SlotQuerySet
from appointments.scheduling import timezones
from appointments.scheduling.slot_sync import ONE_DAY
from appointments.scheduling.walltime import bounds, start_of_day

DAYS_PER_PAGE = 14
MAX_TIMES = 300  # of one list; a day in steps of five minutes has 288


@dataclass(frozen=True)
class Day:
    """A day as a patient's calendar has it, with the free times on it."""

    date: date
    slots: list[Slot]


def free_days(
    appointment_type: AppointmentType,
    mode: str,
    clinician: Clinician | None = None,
    first: date | None = None,
    days: int = DAYS_PER_PAGE,
    zone: str | None = None,
    at: datetime | None = None,
) -> list[Day]:
    """The days, of so many from `first` on, that have free times, each with these, as `zone` (the clinic's) sees them.

    With a clinician every free time of theirs; without, one slot for each time. Takes one query, or two. Very long
    lists end with the last whole day that fits.
    """
    now, place = at or timezone.now(), timezones.named(zone)
    first = first or now.astimezone(place).date()
    since, until = appointment_type.window(now)
    since, until = max(since, start_of_day(first, place)), min(until, start_of_day(first + days * ONE_DAY, place))
    slots = offered(appointment_type, mode, clinician, at=now).filter(starts__lt=until)
    found = list(slots.filter(starts__gte=since)[:MAX_TIMES] if clinician else one_a_time(slots, since, at=now))
    by_day = [
        Day(day, list(times)) for day, times in groupby(found, key=lambda slot: slot.starts.astimezone(place).date())
    ]
    return by_day[:-1] if len(found) == MAX_TIMES and len(by_day) > 1 else by_day


@dataclass(frozen=True)
class DaysPage:
    """The days of free times on one page, and the first day of the pages before and after it, where there are some."""

    first: date
    until: date
    days: list[Day]
    earlier: date | None
    later: date | None
    next_free_day: date | None  # where there is no free time on this page


def days_page(
    appointment_type: AppointmentType,
    mode: str,
    clinician: Clinician | None = None,
    first: date | None = None,
    zone: str | None = None,
    at: datetime | None = None,
) -> DaysPage:
    """The page of free times that begins with `first`: not before today, nor after the last day of booking.

    Days are those of `zone` (the clinic's). Takes one query more than `free_days` when nothing is free.
    """
    now = at or timezone.now()
    asked = {"appointment_type": appointment_type, "mode": mode, "clinician": clinician, "zone": zone, "at": now}
    today = now.astimezone(timezones.named(zone)).date()
    last = today + timedelta(days=appointment_type.horizon_days)
    first = min(max(first or today, today), last)
    days = free_days(**asked, first=first, days=DAYS_PER_PAGE)
    until = days[-1].date if days else first + (DAYS_PER_PAGE - 1) * ONE_DAY  # long lists end before the days do
    return DaysPage(
        first=first,
        until=until,
        days=days,
        earlier=max(first - DAYS_PER_PAGE * ONE_DAY, today) if first > today else None,
        later=until + ONE_DAY if until < last else None,
        next_free_day=None if days else next_free_day(**asked, first=first),
    )


def first_available(
    appointment_type: AppointmentType,
    mode: str,
    clinician: Clinician | None = None,
    at: datetime | None = None,
) -> Slot | None:
    """The earliest free time."""
    now = at or timezone.now()
    since, until = appointment_type.window(now)
    slots = offered(appointment_type, mode, clinician, at=now).filter(starts__lt=until)
    found = slots.filter(starts__gte=since)[:1] if clinician else one_a_time(slots, since, at=now, most=1)
    return next(iter(found), None)


def next_free_day(
    appointment_type: AppointmentType,
    mode: str,
    clinician: Clinician | None = None,
    first: date | None = None,
    zone: str | None = None,
    at: datetime | None = None,
) -> date | None:
    """The first day, from `first` on, with a free time; None when none can be booked."""
    now, place = at or timezone.now(), timezones.named(zone)
    since, until = appointment_type.window(now)
    if first:
        since = max(since, start_of_day(first, place))
    slots = offered(appointment_type, mode, clinician, at=now).between(since, until)
    starts = slots.values_list("starts", flat=True).first()
    return starts and starts.astimezone(place).date()


def offered(
    appointment_type: AppointmentType, mode: str, clinician: Clinician | None = None, *, at: datetime
) -> QuerySet[Slot]:
    """The free slots of all clinicians, or of one, for a type and a mode, in order."""
    slots = Slot.objects.offered(appointment_type, mode, at)
    if clinician:
        slots = slots.filter(clinician=clinician)
    return slots.select_related("clinician", "location").order_by("starts", "clinician_id")


def find_offered(pk: int, appointment_type: AppointmentType, mode: str, *, at: datetime | None = None) -> Slot | None:
    """A slot that is free and offered to patients, by its key."""
    now = at or timezone.now()
    return offered(appointment_type, mode, at=now).between(*appointment_type.window(now)).filter(pk=pk).first()


# Each step reads the next free time from an index: one row, for any number of clinicians that have it free.
ONE_A_TIME = """
    WITH RECURSIVE times (starts, number) AS (
        SELECT ({first}), 1
        UNION ALL
        SELECT ({following}), number + 1 FROM times WHERE starts IS NOT NULL AND number < %s
    )
    SELECT COALESCE(({from_pivot}), ({anybody})) FROM times WHERE starts IS NOT NULL
"""
# Each day another clinician, in turn; their keys may have gaps.
PIVOT = """
    SELECT id FROM appointments_clinician ORDER BY id
    LIMIT 1 OFFSET (SELECT %s %% COUNT(*) FROM appointments_clinician)
"""


def one_a_time(slots: QuerySet[Slot], since: datetime, *, at: datetime, most: int = MAX_TIMES) -> QuerySet[Slot]:
    """The first `most` times of ordered slots from a moment on, each once: with the first clinician from a pivot on.

    `slots` has no beginning of its own: SQLite would start from there again at each step.
    """
    if slots.query.is_empty():  # which has no SQL
        return slots
    time = RawSQL("times.starts", [])
    today = timezone.localdate(at).toordinal()
    then = slots.filter(starts=time).order_by("clinician_id").values("pk")
    parts = {
        "first": slots.filter(starts__gte=since).values("starts")[:1],
        "following": slots.filter(starts__gt=time).values("starts")[:1],
        "from_pivot": then.filter(clinician_id__gte=RawSQL(PIVOT, [today]))[:1],  # noqa: S611 - text of our own
        "anybody": then[:1],
    }
    compiled = {name: part.query.sql_with_params() for name, part in parts.items()}
    sql = ONE_A_TIME.format(**{name: text for name, (text, _) in compiled.items()})
    params = {name: list(values) for name, (_, values) in compiled.items()}
    ordered = [*params["first"], *params["following"], most, *params["from_pivot"], *params["anybody"]]
    chosen = Slot.objects.filter(pk__in=RawSQL(sql, ordered))  # noqa: S611 - made of our own queries
    return chosen.select_related("clinician", "location").order_by("starts")


def free_for(
    appointment: Appointment, user: AbstractUser, *, first: date, anybody: bool, at: datetime | None = None
) -> SlotQuerySet:
    """Free slots from a day on to which `user` can move an appointment: its clinician's, or those of all.

    Staff move people at shorter notice than patients move themselves, so the notice of the type does not count here.
    """
    now = at or timezone.now()
    since, until = appointment.appointment_type.window(now, by_staff=True)
    slots = slots_of(user).offered(appointment.appointment_type, appointment.mode, now)
    slots = slots.between(max(since, bounds(first, 1)[0]), until)
    if not (anybody and may_see_all(user)):
        slots = slots.filter(clinician=appointment.slot.clinician_id)
    return slots.select_related("clinician", "location")
