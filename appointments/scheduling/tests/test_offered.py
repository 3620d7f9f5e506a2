"""The offered slots: booking, the lists of times, the waiting list and the staff pages agree on them."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from appointments.booking import booking, waiting_list
from appointments.booking.closure_admin import SettleForm
from appointments.models import Appointment, AppointmentType, Clinician, Slot
from appointments.scheduling import availability
from appointments.tests.clients import BOOK, come_in, come_to, url
from appointments.tests.factories import make_appointment, make_hours, make_slot
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


class UndoneError(Exception):
    """Rolls back an attempt."""


def can_move(appointment: Appointment, slot: Slot, by: User | None) -> bool:
    try:
        with transaction.atomic():
            booking.reschedule(appointment=appointment, slot=slot, by=by)
            raise UndoneError
    except UserFacingError:
        return False
    except UndoneError:
        return True


def noon(days: int) -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + days * DAY


CHANGES = {
    "nothing": (AppointmentType, {}, [4, 8, 12], [4, 8, 12]),
    "the way is not offered any more": (AppointmentType, {"video": False}, [], []),
    "the kind takes longer": (AppointmentType, {"minutes": 46}, [], []),
    "it needs more notice": (AppointmentType, {"notice_hours": 24 * 6}, [8, 12], [4, 8, 12]),
    "it is booked less far ahead": (AppointmentType, {"horizon_days": 10}, [4, 8], [4, 8, 12]),
    "the clinician takes nobody on": (Clinician, {"is_accepting": False}, [], []),
    "no hours cover it": (Slot, {"is_covered": False}, [], []),
}


@pytest.mark.parametrize(("model", "fields", "by_patients", "by_staff"), CHANGES.values(), ids=CHANGES)
def test_all_that_is_offered_can_be_taken_and_all_that_can_be_taken_is_offered(model, fields, by_patients, by_staff):
    hours, user = make_hours(), people.make_person("Booking coordinator")
    appointment = make_appointment(slot=make_slot(hours=hours, starts=noon(20)))
    entry = waiting_list.join(appointment=appointment)
    slots = {days: make_slot(hours=hours, starts=noon(days)) for days in (4, 8, 12)}
    model.objects.update(**fields)
    appointment = Appointment.objects.get()
    appointment_type, mode, clinician = appointment.appointment_type, appointment.mode, appointment.slot.clinician
    for by, days in [(None, by_patients), (user, by_staff)]:
        assert [day for day, slot in slots.items() if can_move(appointment, slot, by)] == days
    offered = [slots[days] for days in by_patients]
    for who in (None, clinician):
        days = availability.free_days(appointment_type, mode, who, days=60)
        assert [slot for day in days for slot in day.slots if slot.pk != appointment.slot_id] == offered
        assert availability.first_available(appointment_type, mode, who) == next(iter(offered), None)
        assert (availability.next_free_day(appointment_type, mode, who) is None) == (not offered)
    entry.refresh_from_db()
    assert list(waiting_list.free_for(entry, timezone.now())) == offered
    first = timezone.localdate()
    for_staff = availability.free_for(appointment, user, first=first, anybody=False).order_by("starts")
    assert list(for_staff) == [slots[days] for days in by_staff]
    assert settled_with(appointment) == {str(slots[days].pk) for days in by_staff}


def settled_with(appointment: Appointment) -> set[str]:
    """The slots that staff can move an affected appointment to."""
    form = SettleForm(hit=[appointment], slots=Slot.objects.all())
    groups = [group for _, group in form.fields[form.name_of(appointment)].choices if isinstance(group, list)]
    return {key for group in groups for key, _ in group}


def test_an_earlier_time_is_offered_with_the_notice_that_its_kind_asks_for_now():
    hours = make_hours()
    waiting_list.join(appointment=make_appointment(slot=make_slot(hours=hours, starts=noon(20))))
    make_slot(hours=hours, starts=noon(4))
    AppointmentType.objects.update(notice_hours=24 * 6)
    assert waiting_list.offer_freed() == 0


def test_later_days_begin_where_a_long_list_ended():
    hours = make_hours()
    appointment = make_appointment(slot=make_slot(hours=hours, starts=noon(30)))
    for day in range(3, 15):
        for number in range(30):
            begins = noon(day) - timedelta(hours=10) + number * timedelta(minutes=45)
            make_slot(hours=hours, starts=begins)
    page = come_in(appointment).get(url("times"))
    shown = [day.date for day in page.context["days"]]
    assert len(shown) < 12
    assert page.context["later"] == shown[-1] + DAY


def test_a_page_of_times_says_how_long_they_are_and_not_how_long_the_kind_is(client):
    hours = make_hours()
    hours.types.update(minutes=20)
    slots = [make_slot(hours=hours, starts=noon(days)) for days in (4, 8)]
    come_to(client, "time")
    assert "45 minutes, by video call" in " ".join(client.get(f"{BOOK}time/").text.split())
    Slot.objects.filter(pk=slots[0].pk).update(ends=slots[0].starts + timedelta(minutes=30))
    assert "30 to 45 minutes, by video call" in " ".join(client.get(f"{BOOK}time/").text.split())
