"""Times on a clock: twice a year in most zones, some come twice and some never."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.scheduling.walltime import cut, local_to_utc, start_of_day, utc_to_local

LONDON, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/London"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")  # changed at midnight until 2019, and not at all since
CHANGING = {
    LONDON: (date(2027, 3, 28), date(2027, 10, 31)),
    NEW_YORK: (date(2027, 3, 14), date(2027, 11, 7)),
    LORD_HOWE: (date(2027, 10, 3), date(2027, 4, 4)),
    SAO_PAULO: (date(2018, 11, 4), date(2018, 2, 17)),
}


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        (LONDON, date(2027, 1, 4), time(9), datetime(2027, 1, 4, 9, tzinfo=UTC)),
        (LONDON, date(2027, 7, 5), time(9), datetime(2027, 7, 5, 8, tzinfo=UTC)),
        (NEW_YORK, date(2027, 7, 5), time(20), datetime(2027, 7, 6, 0, tzinfo=UTC)),
        (LORD_HOWE, date(2027, 1, 4), time(9), datetime(2027, 1, 3, 22, tzinfo=UTC)),
        (LORD_HOWE, date(2027, 7, 5), time(9), datetime(2027, 7, 4, 22, 30, tzinfo=UTC)),
        (SAO_PAULO, date(2027, 1, 4), time(9), datetime(2027, 1, 4, 12, tzinfo=UTC)),
    ],
)
def test_a_wall_time_is_one_moment(zone, day, at, moment):
    assert local_to_utc(day, at, zone) == moment
    assert utc_to_local(moment, zone) == datetime.combine(day, at)


@pytest.mark.parametrize(
    ("zone", "last_before", "first_after"),
    [(LONDON, time(0, 59), time(2)), (NEW_YORK, time(1, 59), time(3)), (LORD_HOWE, time(1, 59), time(2, 30))],
)
def test_a_time_in_a_gap_is_no_moment(zone, last_before, first_after):
    day = CHANGING[zone][0]
    before, after = local_to_utc(day, last_before, zone), local_to_utc(day, first_after, zone)
    assert after - before == timedelta(minutes=1)
    in_gap = (datetime.combine(day, last_before) + timedelta(minutes=n) for n in range(1, 30))
    assert {local_to_utc(day, shown.time(), zone) for shown in in_gap} == {None}


@pytest.mark.parametrize(
    ("zone", "at", "moment"),
    [
        (LONDON, time(1, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (NEW_YORK, time(1, 30), datetime(2027, 11, 7, 5, 30, tzinfo=UTC)),
        (LORD_HOWE, time(1, 45), datetime(2027, 4, 3, 14, 45, tzinfo=UTC)),
    ],
)
def test_a_time_that_comes_twice_is_the_first(zone, at, moment):
    assert local_to_utc(CHANGING[zone][1], at, zone) == moment


def test_a_day_whose_midnight_does_not_exist_begins_after_it():
    day = CHANGING[SAO_PAULO][0]
    assert local_to_utc(day, time(0), SAO_PAULO) is None
    assert utc_to_local(start_of_day(day, SAO_PAULO), SAO_PAULO) == datetime.combine(day, time(1))


def shown(day: date, zone: ZoneInfo, starts: time, ends: time, **lengths: int) -> list[str]:
    return [f"{utc_to_local(begins, zone):%H:%M}" for begins, _, _ in cut(day, starts, ends, zone, **lengths)]


def test_hours_are_cut_into_stretches_with_a_pause_after_each():
    found = cut(date(2027, 1, 4), time(9), time(11), LONDON, minutes=45, pause=15)
    nine = datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert found == [
        (nine, nine + timedelta(minutes=45), nine + timedelta(minutes=60)),
        (nine + timedelta(minutes=60), nine + timedelta(minutes=105), nine + timedelta(minutes=120)),
    ]


def test_the_last_pause_may_reach_beyond_the_hours():
    assert shown(date(2027, 1, 4), LONDON, time(9), time(10, 45), minutes=45, pause=15) == ["09:00", "10:00"]


def test_slots_that_begin_in_a_gap_or_cross_it_are_left_out():
    day = CHANGING[LONDON][0]  # 1:00 to 2:00 does not exist
    assert shown(day, LONDON, time(0), time(3), minutes=30) == ["00:00", "00:30", "02:00", "02:30"]
    assert shown(day, LONDON, time(0), time(3), minutes=45) == ["00:00", "02:15"]
    assert shown(day, LONDON, time(1, 10), time(1, 50), minutes=20) == []


def test_a_gap_of_half_an_hour_costs_half_an_hour():
    day = CHANGING[LORD_HOWE][0]  # 2:00 to 2:30 does not exist
    assert shown(day, LORD_HOWE, time(1, 30), time(3), minutes=15) == ["01:30", "01:45", "02:30", "02:45"]


def test_a_time_that_comes_twice_is_offered_once():
    day = CHANGING[LONDON][1]  # 1:00 to 2:00 comes twice
    assert shown(day, LONDON, time(0), time(3), minutes=30) == ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30"]
    assert shown(day, LONDON, time(0), time(3), minutes=45) == ["00:00", "00:45", "02:15"]


def test_a_zone_that_gave_up_changing_has_all_its_hours():
    assert len(cut(date(2027, 11, 7), time(0), time(3), SAO_PAULO, minutes=30)) == 6


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
LENGTHS = {"minutes": st.integers(5, 240), "pause": st.integers(0, 60)}


@given(zone=st.sampled_from(list(CHANGING)), nth=st.sampled_from([0, 1]), starts=TIMES, ends=TIMES, **LENGTHS)
def test_nothing_overlaps_and_all_lies_inside_the_hours_when_the_clock_changes(
    zone, nth, starts, ends, minutes, pause
):
    day = CHANGING[zone][nth]
    found = cut(day, starts, ends, zone, minutes=minutes, pause=pause)
    assert all(one[2] <= following[0] for one, following in zip(found, found[1:], strict=False))
    for begins, finishes, busy_until in found:
        assert finishes - begins == timedelta(minutes=minutes)
        assert busy_until - finishes == timedelta(minutes=pause)
        for minute in range(minutes):
            showing = utc_to_local(begins + timedelta(minutes=minute), zone)
            assert datetime.combine(day, starts) <= showing < datetime.combine(day, ends)


@given(day=st.dates(date(2027, 5, 1), date(2027, 9, 30)), starts=TIMES, ends=TIMES, **LENGTHS)
def test_on_an_ordinary_day_none_is_missing(day, starts, ends, minutes, pause):
    worked = (ends.hour - starts.hour) * 60 + ends.minute - starts.minute
    expected = max(0, (worked + pause) // (minutes + pause)) if worked > 0 else 0
    assert len(cut(day, starts, ends, LONDON, minutes=minutes, pause=pause)) == expected
