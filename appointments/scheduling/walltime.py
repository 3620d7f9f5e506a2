"""Wall time and UTC: the one module that turns the time on a clock into a moment.

Twice a year in most zones a clock jumps. The times that it skips do not exist, or come twice:

- A time that comes twice is the first of the two (RFC 5545, 3.3.5; `fold=0` in PEP 495). The second is never meant.
- A time that does not exist is no moment. RFC 5545 would take the offset from before the gap, which shifts it to
  another time on the clock, which was not asked for: so here it is None.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone


def local_to_utc(day: date, at: time, zone: tzinfo) -> datetime | None:
    """The moment at which a clock on the wall of `zone` shows `at` on `day`; None when it never does."""
    shown = datetime.combine(day, at)
    moment = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return moment if utc_to_local(moment, zone) == shown else None


def utc_to_local(moment: datetime, zone: tzinfo) -> datetime:
    """The time on a clock in `zone` at a moment, without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day. Where the clock jumps over midnight, that is the end of the gap."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def cut(
    day: date, starts: time, ends: time, zone: tzinfo, *, minutes: int, pause: int = 0
) -> list[tuple[datetime, datetime, datetime]]:
    """Cut the wall time from `starts` to `ends` into stretches of so many minutes with a pause after each.

    Returns for each its beginning, its end and the end of its pause, in UTC. The last pause may reach beyond `ends`.
    No two overlap, and all that a clock shows during one lies between `starts` and `ends`: one that begins in a gap,
    and one during which the clock jumps, is left out; one whose times come twice is there once.
    """
    length, busy = timedelta(minutes=minutes), timedelta(minutes=minutes + pause)
    shown, end = datetime.combine(day, starts), datetime.combine(day, ends)
    found = []
    while shown + length <= end:
        moment = local_to_utc(day, shown.time(), zone)
        if moment and _offset(moment, zone) == _offset(moment + busy - timedelta.resolution, zone):
            found.append((moment, moment + length, moment + busy))
        shown += busy
    return found


def _offset(moment: datetime, zone: tzinfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def bounds(first: date, days: int) -> tuple[datetime, datetime]:
    """From the first midnight to the last, in the clinic's zone."""
    zone = timezone.get_default_timezone()
    after = first + timedelta(days=days)
    return datetime.combine(first, time.min, tzinfo=zone), datetime.combine(after, time.min, tzinfo=zone)
