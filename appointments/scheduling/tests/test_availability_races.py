"""Two workers at once: the slots are as one alone would have made them, on both databases."""

import threading
from datetime import time, timedelta
from time import sleep

import pytest
from django.db import connection, transaction

from appointments.booking import booking
from appointments.choices import Mode
from appointments.models import Appointment, Slot, WorkingHours
from appointments.scheduling import slot_sync
from appointments.tests.factories import make_draft, make_hours
from calcsite.tests.racing import at_once

WORKERS = 4
WEEK = timedelta(days=7)


@pytest.mark.parametrize("change", [{"slot_minutes": 30}, {"starts": time(10)}, {"weekday": 3}, {"video": False}])
def test_workers_that_make_slots_at_once_make_each_once(committed, change):
    hours = [make_hours(weekday=weekday) for weekday in range(3)]
    first = at_once(*[slot_sync.make_slots] * WORKERS)
    assert (len(first), sum(first)) == (WORKERS, Slot.objects.count())
    WorkingHours.objects.filter(pk=hours[0].pk).update(**change)
    assert len(at_once(*[slot_sync.make_slots] * WORKERS)) == WORKERS
    after = list(Slot.objects.order_by("clinician", "starts").values_list("clinician", "starts", "ends", "video"))
    Slot.objects.all().delete()
    slot_sync.make_slots()
    alone = Slot.objects.order_by("clinician", "starts").values_list("clinician", "starts", "ends", "video")
    assert after == list(alone)


def test_of_workers_whose_round_it_is_one_makes_the_slots(committed):
    make_hours()
    made = at_once(*[slot_sync.make_slots_ahead] * WORKERS)
    assert sorted(made) == [*[0] * (WORKERS - 1), Slot.objects.count()]
    assert max(made) > 0


@pytest.mark.parametrize(("change", "is_covered"), [({"weekday": 3}, False), ({"video": False}, True)])
def test_a_slot_claimed_while_its_hours_change_keeps_its_terms(committed, change, is_covered):
    hours = make_hours()
    slot_sync.make_slots()
    slot, draft, claimed = Slot.objects.order_by("starts").last(), make_draft(), threading.Event()

    def claim() -> None:
        try:
            with transaction.atomic():
                booking.hold(
                    draft=draft, slot=slot, appointment_type=hours.types.get(), mode=Mode.VIDEO, at=slot.starts - WEEK
                )
                claimed.set()
                sleep(0.3)  # in which the other one meets a claim that is not committed yet
        finally:
            connection.close()

    patient = threading.Thread(target=claim)
    patient.start()
    assert claimed.wait(10)
    WorkingHours.objects.update(**change)
    slot_sync.make_slots()
    patient.join()
    kept = Appointment.objects.get().slot
    assert (kept, kept.is_covered, kept.video) == (slot, is_covered, True)
