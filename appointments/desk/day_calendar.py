"""The calendar of staff: slots that are free, held, booked or closed, by day and clinician.

Days are days of the clinic's time zone, of 23 to 25 hours at the ends of daylight saving time.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import AbstractUser
from django.db.models import Prefetch, Q
from django.utils import timezone

from appointments.choices import LIVE, Status
from appointments.governance.permissions import clinicians_of, slots_of
from appointments.models import Appointment, Clinician, Closure, Slot
from appointments.scheduling.walltime import bounds

MAX_SLOTS = 1000  # on one page: more are of no use on a screen


@dataclass(frozen=True)
class Entry:
    """One line of the calendar. `kind` is free, held, booked or closed."""

    kind: str
    starts: datetime
    ends: datetime
    clinician: Clinician
    slot: Slot | None = None
    appointment: Appointment | None = None


@dataclass(frozen=True)
class Column:
    """One clinician's day, or one day of all the clinicians shown."""

    day: date
    clinician: Clinician | None
    entries: list[Entry]

    @property
    def lines(self) -> list[list[Entry]]:
        """The entries as shown: slots of several clinicians that are free at the same time are one line."""
        lines = groupby(
            self.entries, key=lambda entry: (entry.starts, entry.ends) if entry.kind == "free" else id(entry)
        )
        return [list(together) for _, together in lines]


@dataclass(frozen=True)
class Calendar:
    first: date
    days: int
    columns: list[Column]
    closed: list[Closure] = field(default_factory=list)  # for the whole clinic
    is_cut: bool = False

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def appointments(self) -> list[Appointment]:
        """The appointments whose patients are named in the calendar."""
        return [entry.appointment for column in self.columns for entry in column.entries if entry.appointment]


def day_calendar(
    user: AbstractUser, day: date, *, of: Clinician | None = None, at: datetime | None = None
) -> Calendar:
    """One day, with a column for each clinician who has appointments or a closure on it."""
    entries, closed, is_cut = _entries(user, day, 1, of, at or timezone.now())
    columns = defaultdict(list)
    for entry in entries:
        columns[entry.clinician].append(entry)
    named = sorted(columns, key=lambda clinician: (clinician.name, clinician.pk))
    return Calendar(day, 1, [Column(day, clinician, columns[clinician]) for clinician in named], closed, is_cut)


def week_calendar(
    user: AbstractUser, day: date, *, of: Clinician | None = None, at: datetime | None = None
) -> Calendar:
    """The week that contains `day`, from Monday, with a column for each day."""
    monday = day - timedelta(days=day.weekday())
    entries, closed, is_cut = _entries(user, monday, 7, of, at or timezone.now())
    columns = []
    for number in range(7):
        starts, ends = bounds(monday + timedelta(days=number), 1)
        of_day = [entry for entry in entries if entry.starts < ends and entry.ends > starts]
        columns.append(Column(monday + timedelta(days=number), of, of_day))
    return Calendar(monday, 7, columns, closed, is_cut)


def _entries(
    user: AbstractUser, first: date, days: int, of: Clinician | None, now: datetime
) -> tuple[list[Entry], list[Closure], bool]:
    """The entries of some days in order of time, the closures of the whole clinic, and whether there are too many
    slots.
    """
    starts, ends = bounds(first, days)
    slots = slots_of(user).filter(starts__gte=starts, starts__lt=ends)
    closures = Closure.objects.filter(Q(clinician=None) | Q(clinician__in=clinicians_of(user)))
    closures = closures.filter(starts__lt=ends, ends__gt=starts).select_related("clinician")
    if of:
        slots, closures = slots.filter(clinician=of), closures.filter(Q(clinician=None) | Q(clinician=of))
    live = Appointment.objects.filter(status__in=LIVE).select_related("appointment_type")
    slots = slots.select_related("clinician", "location").prefetch_related(
        Prefetch("appointments", queryset=live, to_attr="taken")
    )
    found = list(slots[: MAX_SLOTS + 1])
    entries = [entry for slot in found[:MAX_SLOTS] if (entry := _entry(slot, now))]
    entries += [Entry("closed", away.starts, away.ends, away.clinician) for away in closures if away.clinician]
    entries.sort(key=lambda entry: (entry.starts, entry.clinician.name))
    return entries, [away for away in closures if not away.clinician], len(found) > MAX_SLOTS


def _entry(slot: Slot, now: datetime) -> Entry | None:
    """The entry for a slot; None if it is over or no longer offered, and not taken."""
    appointment = next(iter(slot.taken), None)
    if appointment and appointment.status != Status.HELD:
        return Entry("booked", slot.starts, slot.ends, slot.clinician, slot, appointment)
    if slot.starts <= now or not slot.is_covered:
        return None
    is_held = appointment is not None and appointment.held_until > now
    return Entry("held" if is_held else "free", slot.starts, slot.ends, slot.clinician, slot)
