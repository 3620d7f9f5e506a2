"""The page of free times: the offered slots, the zone, and the refusals."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.models import Appointment, Draft
from appointments.scheduling import timezones
from appointments.tests.clients import ANSWERS, BOOK, answer, come_to, free, problems, slots_on
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot, make_type

pytestmark = pytest.mark.django_db
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def hours():
    return make_hours(types=[make_type(name="Second opinion")])


@pytest.fixture
def slot(hours):
    return make_slot(hours=hours, starts=NOON + timedelta(days=7))


@pytest.fixture
def chooser(client, slot) -> Client:
    """A patient on the page of times."""
    come_to(client, "time")
    return client


def test_the_first_available_time_comes_first_and_then_all_by_day(chooser, hours, slot):
    earlier = make_slot(hours=hours, starts=NOON + timedelta(days=6))
    page = chooser.get(f"{BOOK}time/")
    assert slots_on(page) == [str(earlier.pk), str(earlier.pk), str(slot.pk)]
    days = re.findall(r'<h3 id="day-([\d-]+)">', page.content.decode())
    assert days == [f"{one.starts.date()}" for one in (earlier, slot)]


def test_times_are_shown_in_the_zone_that_the_patient_chooses(chooser):
    for zone, words in [("Europe/London", "midday"), ("Asia/Tokyo", "9:00pm"), ("Asia/Kolkata", "5:30pm")]:
        page = chooser.get(f"{BOOK}time/", {"zone": zone}).content.decode()
        assert words in page
        assert f'name="zone" value="{zone}"' in page


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe/London\r\n", "x" * 5000])
def test_an_unknown_zone_is_the_clinics(chooser, slot, zone):
    assert "midday" in chooser.get(f"{BOOK}time/", {"zone": zone}).content.decode()
    assert answer(chooser, "time", slot=slot.pk, zone=zone).status_code == 302


def test_a_day_is_one_of_the_patients_zone(chooser, slot):
    tomorrow = (slot.starts + timedelta(days=1)).date()
    page = chooser.get(f"{BOOK}time/", {"zone": "Pacific/Kiritimati"}).content.decode()  # 14 hours ahead
    assert f'id="day-{tomorrow}"' in page


def test_an_hour_that_comes_twice_says_which_it_is():
    zone = "Europe/London"
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert [timezones.clock(at, zone) for at in (first, second)] == ["1:30am (BST)", "1:30am (GMT)"]
    assert timezones.clock(second + timedelta(hours=1), zone) == "2:30am"


def test_noon_and_midnight_have_names():
    at = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    hours = [timezones.clock(at + timedelta(hours=number), "Europe/London") for number in (0, 1, 12, 13)]
    assert hours == ["midday", "1:00pm", "midnight", "1:00am"]


def test_a_refusal_is_said_on_the_days_that_were_shown_and_not_on_others(chooser, hours, slot):
    make_appointment(slot=slot)
    day, zone = f"{timezone.localdate() + timedelta(days=3)}", "Asia/Tokyo"
    refused = chooser.post(f"{BOOK}time/?from={day}", {"slot": slot.pk, "zone": zone})
    assert refused.headers["Location"] == f"{BOOK}time/?refused=yes&zone=Asia%2FTokyo&from={day}"
    assert problems(chooser.get(refused.headers["Location"])).startswith("That time has gone")
    assert problems(chooser.get(f"{BOOK}time/", {"from": day, "zone": zone})) == ""
    answer(chooser, "time", slot=make_slot(hours=hours).pk)
    assert problems(chooser.get(refused.headers["Location"])) == ""


def test_other_days_come_before_the_times_and_the_zone_after_the_first_available(chooser, hours):
    make_slot(hours=hours, starts=NOON + timedelta(days=16))
    page = chooser.get(f"{BOOK}time/").text
    first, later, last = page.index("Choose this time"), page.index(">Later days"), page.rindex(">Later days")
    assert first < page.index('id="zone"') < later < page.index('<section class="day">') < last


def test_days_without_a_free_time_lead_to_the_next_that_has_one(chooser, hours, slot):
    far = make_slot(hours=hours, starts=NOON + timedelta(days=40))
    page = chooser.get(f"{BOOK}time/", {"from": (NOON + timedelta(days=20)).date()}).content.decode()
    assert "There is no free time on these days." in page
    assert f"?from={far.starts.date()}&amp;zone=Europe%2FLondon" in page


def test_later_and_earlier_days_are_one_link_away(chooser, hours):
    later = make_slot(hours=hours, starts=NOON + timedelta(days=16))
    page = chooser.get(f"{BOOK}time/")
    assert str(later.pk) not in slots_on(page)
    address = re.search(r'href="(\?from=[^"]*)">Later days', page.content.decode())[1].replace("&amp;", "&")
    following = chooser.get(f"{BOOK}time/{address}")
    assert str(later.pk) in slots_on(following)
    assert "Earlier days" in following.content.decode()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-31", "tomorrow", "2026-1", "1" * 5000])
def test_a_day_that_cannot_be_is_no_error(chooser, day):
    assert chooser.get(f"{BOOK}time/", {"from": day}).status_code == 200


def test_without_free_times_the_page_shows_the_way_on(client, hours):
    come_to(client, "time")
    page = client.get(f"{BOOK}time/").content.decode()
    assert "no free time like this" in page
    assert f'href="{BOOK}how/"' in page
    assert "tel:01632960123" in page


@pytest.mark.parametrize("chosen", ["", "0", "-1", "999999999", "9" * 30, "1.5", "one", "١", "1 OR 1=1"])
def test_a_slot_that_does_not_exist_is_refused(chooser, chosen):
    refused = answer(chooser, "time", slot=chosen)
    assert (refused.status_code, problems(refused)) == (200, "There is a problem Choose one time from the list.")
    assert not Appointment.objects.exists()


def test_two_slots_in_one_request_are_refused(chooser, hours, slot):
    other = make_slot(hours=hours)
    assert "Choose one time" in problems(answer(chooser, "time", slot=[slot.pk, other.pk]))
    assert not Appointment.objects.exists()


def test_a_slot_that_is_not_offered_is_refused(chooser, hours):
    other_kind = make_hours(types=[make_type(bookable_by_patients=False)])
    refused = [
        make_slot(hours=hours, starts=NOON - timedelta(days=1)),
        make_slot(hours=hours, starts=NOON + timedelta(days=8), is_covered=False),
        make_slot(hours=hours, starts=NOON + timedelta(days=9), video=False),
        make_slot(hours=hours, starts=NOON + timedelta(days=300)),
        make_slot(hours=other_kind),
        make_slot(hours=make_hours(types=list(hours.types.all()), clinician=make_clinician(is_accepting=False))),
    ]
    for slot in refused:
        response = answer(chooser, "time", slot=slot.pk)
        assert response.status_code == 200
        assert problems(response) != ""
    assert not Appointment.objects.exists()


def test_a_slot_of_another_clinician_than_the_named_one_is_refused(client, hours, slot):
    other = make_slot(hours=make_hours(types=list(hours.types.all())))
    come_to(client, "time", how={"mode": "video", "clinician": hours.clinician.slug})
    assert "Choose one time" in problems(answer(client, "time", slot=other.pk))
    assert set(slots_on(client.get(f"{BOOK}time/"))) == {str(slot.pk)}


def test_choosing_another_time_releases_the_first(chooser, hours, slot):
    answer(chooser, "time", slot=slot.pk)
    other = make_slot(hours=hours)
    assert "Go on with this time" in chooser.get(f"{BOOK}time/").content.decode()
    answer(chooser, "time", slot=other.pk)
    assert (free(slot), free(other)) == (True, False)


def test_a_booked_time_is_not_offered(chooser, slot):
    make_appointment(slot=slot)
    assert slots_on(chooser.get(f"{BOOK}time/")) == []
    assert "just taken" in problems(answer(chooser, "time", slot=slot.pk))


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("named", [False, True])
def test_the_page_takes_three_queries_however_many_times_are_free(
    client, hours, count, named, django_assert_num_queries
):
    for number in range(count):
        make_slot(hours=hours, starts=NOON + timedelta(days=3, hours=number))
    come_to(client, "time", how={"clinician": hours.clinician.slug if named else ""})
    with django_assert_num_queries(3):  # the answers, the times, and the clinic's details
        page = client.get(f"{BOOK}time/")
    assert len(slots_on(page)) == count + 1  # with the first available one


def test_every_zone_has_a_place_and_a_region():
    zones = {name: place for _, places in timezones.by_region() for name, place in places}
    assert zones["America/Argentina/Salta"] == "Salta, Argentina"
    assert zones["Asia/Ho_Chi_Minh"] == "Ho Chi Minh"
    assert all(zones.values())


def test_a_chosen_zone_that_is_no_more_is_the_clinics_from_then_on(chooser, slot):
    answer(chooser, "time", slot=slot.pk, zone="Asia/Tokyo")
    draft = Draft.objects.get()
    Draft.objects.update(answers=draft.answers | {"time": {"zone": "Asia/Gone"}})
    for step in ("time", "who"):
        assert "midday" in chooser.get(f"{BOOK}{step}/").text
    for step in list(ANSWERS)[3:-1]:
        answer(chooser, step)
    assert "midday" in chooser.get(f"{BOOK}check/").text
    answer(chooser, "check")
    assert Appointment.objects.get().time_zone == "Europe/London"
    Appointment.objects.update(time_zone="Asia/Gone")
    assert "midday" in chooser.get(f"{BOOK}done/").text
