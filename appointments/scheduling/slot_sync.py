"""Synchronisation of the slots of one clinician with their hours and closures.

Correct slots are left alone, so that a slot keeps its key while a page shows it. A slot that has ever had an
appointment is never deleted and never moved: it is covered while the clinician works at that time, in slots of any
length, and uncovered otherwise. No other slot overlaps it.
"""

import logging
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from appointments.models import Appointment, AppointmentType, Clinician, Closure, Slot, WorkingHours
from appointments.scheduling.walltime import cut, start_of_day, utc_to_local
from calcsite.security import limits

ONE_DAY = timedelta(days=1)
BATCH = 500
# Fields that may change under an appointment. The others were told to the patient, and stay.
RESTS_ON = ("hours_id", "is_covered")
OFFERED = (*RESTS_ON, "video", "telephone", "in_person", "location_id")


@dataclass(frozen=True)
class Plan:
    """The hours of a clinician, less the closures."""

    clinician: Clinician
    hours: list[WorkingHours]
    closed: list[tuple[datetime, datetime]]

    @classmethod
    def of(cls, clinician: Clinician, since: datetime, until: datetime) -> "Plan":
        closed = Closure.objects.touching(clinician, since, until).values_list("starts", "ends")
        return cls(clinician, list(clinician.hours.order_by("starts", "pk").prefetch_related("types")), list(closed))

    def slots(self, since: datetime, until: datetime) -> Iterator[Slot]:
        """The slots that begin after `since` and before `until`, in order; of two that overlap the earlier."""
        free_from = since
        day = utc_to_local(since, self.clinician.zone).date()
        while start_of_day(day, self.clinician.zone) < until:
            found = (slot for hours in self.hours if hours.are_on(day) for slot in self._cut(hours, day))
            for slot in sorted(found, key=lambda slot: slot.starts):
                if since < slot.starts < until and slot.starts >= free_from:
                    free_from = slot.busy_until
                    yield slot
            day += ONE_DAY

    def covering(self, slot: Slot) -> Slot | None:
        """The slot that the hours around a slot would offer at its time; None if no hours cover it."""
        begins, ends = (utc_to_local(moment, self.clinician.zone) for moment in (slot.starts, slot.ends))
        if not self._is_open(slot.starts, slot.ends):
            return None
        hours = next((hours for hours in self.hours if hours.cover(begins, ends)), None)
        return hours and self._offer(hours, slot.starts, slot.ends, slot.busy_until)

    def _cut(self, hours: WorkingHours, day: date) -> Iterator[Slot]:
        lengths = {"minutes": hours.slot_minutes, "pause": hours.pause}
        for starts, ends, busy_until in cut(day, hours.starts, hours.ends, self.clinician.zone, **lengths):
            if self._is_open(starts, ends):
                yield self._offer(hours, starts, ends, busy_until)

    def _is_open(self, starts: datetime, ends: datetime) -> bool:
        return not any(closes < ends and opens > starts for closes, opens in self.closed)

    def _offer(self, hours: WorkingHours, starts: datetime, ends: datetime, busy_until: datetime) -> Slot:
        return Slot(
            clinician=self.clinician,
            hours=hours,
            starts=starts,
            ends=ends,
            busy_until=busy_until,
            video=hours.video,
            telephone=hours.telephone,
            in_person=hours.in_person,
            location_id=hours.location_id,
        )


@transaction.atomic
def align(key: int, *, last: date, at: datetime) -> int:
    """Align the slots that are still to come, to the end of `last` or as far as there are any. Returns how many new.

    The row of the clinician with this key is locked, so that no other process aligns their slots meanwhile.
    """
    clinician = Clinician.objects.select_for_update(no_key=True).get(pk=key)
    stored = list(Slot.objects.filter(clinician=clinician, busy_until__gt=at).order_by("starts"))
    ahead = [slot for slot in stored if slot.starts > at]
    until = max(start_of_day(last + ONE_DAY, clinician.zone), *(slot.busy_until for slot in stored[-1:]), at)
    plan = Plan.of(clinician, at, until)
    wanted = {(slot.starts, slot.ends, slot.busy_until): slot for slot in plan.slots(at, until)}
    gone = _delete_free(slot for slot in ahead if (slot.starts, slot.ends, slot.busy_until) not in wanted)
    kept = [slot for slot in ahead if slot.pk not in gone]
    _offer_again({slot: wanted.get((slot.starts, slot.ends, slot.busy_until)) or plan.covering(slot) for slot in kept})
    running = [slot for slot in stored if slot.starts <= at]
    new = list(_beside([*running, *kept], wanted.values()))
    Slot.objects.bulk_create(new, batch_size=BATCH)
    if clinician.slots_failed_at:
        Clinician.objects.filter(pk=key).update(slots_failed_at=None)
    return len(new)


def _delete_free(slots: Iterator[Slot]) -> set[int]:
    """Delete the given slots that have never had an appointment. Returns their keys.

    The slots are locked before their appointments are read: a claim on one waits until this transaction is over.
    """
    to_delete = Slot.objects.filter(pk__in=[slot.pk for slot in slots]).order_by("pk")
    keys = set(to_delete.select_for_update().values_list("pk", flat=True))
    free = keys - set(Appointment.objects.filter(slot__in=keys).values_list("slot_id", flat=True))
    Slot.objects.filter(pk__in=free).delete()
    return free


def _offer_again(slots: dict[Slot, Slot | None]) -> None:
    """Let each slot offer the terms of its hours. None stands for no hours: the slot is no longer covered.

    The slots are locked first, as in `_delete_free`, so that none is claimed between the read and the change.
    """
    changed = [slot for slot, now in slots.items() if _differs(slot, now)]
    locked = Slot.objects.filter(pk__in=[slot.pk for slot in changed]).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk"))
    live = set(Appointment.objects.live().filter(slot__in=changed).values_list("slot_id", flat=True))
    for slot in changed:
        now = slots[slot]
        slot.is_covered = now is not None
        if now:
            for name in RESTS_ON if slot.pk in live else OFFERED:
                setattr(slot, name, getattr(now, name))
    fields = [name.removesuffix("_id") for name in OFFERED]
    Slot.objects.bulk_update(changed, fields, batch_size=BATCH)


def _differs(slot: Slot, now: Slot | None) -> bool:
    if now is None:
        return slot.is_covered
    return any(getattr(slot, name) != getattr(now, name) for name in OFFERED)


def _beside(there: list[Slot], wanted: Iterator[Slot]) -> Iterator[Slot]:
    """The wanted slots that overlap none of the existing ones, which are in order and do not overlap each other."""
    begins = [slot.starts for slot in there]
    for slot in wanted:
        before = bisect_left(begins, slot.busy_until)
        if not before or there[before - 1].busy_until <= slot.starts:
            yield slot


MIN_DAYS_AHEAD = 56
SPARE_DAYS = 7  # for a worker that was down
RETRY_FAILED_AFTER = timedelta(hours=1)

logger = logging.getLogger(__name__)


def make_slots(*, clinician: Clinician | None = None, until: date | None = None, at: datetime | None = None) -> int:
    """Bring the slots of one clinician, or of all, in line with hours and closures. Returns how many are new.

    They reach to the end of the day `until`; without one, as far as patients can book, and a week more. Any number of
    processes may do this at once: each clinician is a transaction of its own. For all clinicians an error is logged
    and noted for staff to see; for one clinician it is raised.
    """
    now = at or timezone.now()
    last = until or _last(now)
    if clinician:
        return align(clinician.pk, last=last, at=now)
    return _make_for_each(Clinician.objects.all(), last, now)


def _make_for_each(clinicians: QuerySet[Clinician], last: date, at: datetime) -> int:
    made = 0
    for key in list(clinicians.order_by("pk").values_list("pk", flat=True)):
        try:
            made += align(key, last=last, at=at)
        except Exception:
            logger.exception("the times of clinician %s could not be made", key)
            Clinician.objects.filter(pk=key).update(slots_failed_at=at)
    return made


def _last(at: datetime) -> date:
    """The last day that slots are made for."""
    return timezone.localdate(at) + timedelta(days=days_ahead() + SPARE_DAYS)


def days_ahead() -> int:
    """As many days as the type with the longest horizon can be booked ahead."""
    return max(AppointmentType.objects.aggregate(longest=Max("horizon_days"))["longest"] or 0, MIN_DAYS_AHEAD)


def make_slots_ahead(at: datetime | None = None) -> int:
    """Make the slots of the days that have come into reach: the first call does, twice a day. Returns how many.

    Clinicians with an error are tried again every hour.
    """
    now, gate = at or timezone.now(), {"scope": "slots", "key": "ahead"}
    if not limits.allow(**gate, limit=1, per=timedelta(hours=12), at=now):
        failed = Clinician.objects.filter(slots_failed_at__lte=now - RETRY_FAILED_AFTER)
        return _make_for_each(failed, _last(now), now) if failed.exists() else 0
    try:
        return make_slots(at=now)
    except Exception:
        limits.give_back(**gate)
        raise
