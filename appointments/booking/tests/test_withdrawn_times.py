"""A time that staff withdraw while somebody writes: it is not confirmed, and what was written stays."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments.booking import booking
from appointments.choices import Mode, Status
from appointments.models import Appointment, AppointmentType, Clinician, Draft, Message, Slot
from appointments.tests.factories import PATIENT, make_draft, make_hours, make_slot, make_type
from appointments.tests.journeys import BOOK, answer, come_to, problems

pytestmark = pytest.mark.django_db
WAYS = {
    "the day is closed": lambda: Slot.objects.update(is_covered=False),
    "nobody new is seen": lambda: Clinician.objects.update(is_accepting=False),
    "only staff book the kind": lambda: AppointmentType.objects.update(bookable_by_patients=False),
    "the kind is not by video": lambda: AppointmentType.objects.update(video=False),
    "the time is not by video": lambda: Slot.objects.update(video=False),
    "the hours are for another kind": lambda: Slot.objects.get().hours.types.set([make_type()]),
}


@pytest.fixture
def slot() -> Slot:
    return make_slot(hours=make_hours(types=[make_type(name="Second opinion")]))


@pytest.mark.parametrize("withdraw", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("step", [booking.extend, lambda draft: booking.book(draft=draft, details=PATIENT)])
def test_a_time_that_was_withdrawn_is_neither_kept_nor_booked(slot, withdraw, step):
    draft = make_draft(answers={"why": {"reason": "Kept"}})
    booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    draft.refresh_from_db()
    withdraw()
    with pytest.raises(booking.WithdrawnError, match="your answers are kept"):
        step(draft=draft)
    assert not Appointment.objects.exists()
    assert not Message.objects.exists()
    draft.refresh_from_db()
    assert (draft.appointment, draft.answers) == (None, {"why": {"reason": "Kept"}})


def test_a_time_that_has_passed_is_neither_kept_nor_booked(slot):
    draft, begun = make_draft(), slot.starts + timedelta(seconds=1)
    booking.hold(
        draft=draft,
        slot=slot,
        appointment_type=slot.hours.types.get(),
        mode=Mode.VIDEO,
        at=begun - timedelta(hours=24.1),
    )
    Appointment.objects.update(created_at=begun - timedelta(hours=1))
    with pytest.raises(booking.WithdrawnError):
        booking.extend(draft=draft, at=begun)
    draft.refresh_from_db()
    assert draft.appointment is None


@pytest.mark.parametrize("posted", [{}, {"keep": "yes"}], ids=["book", "keep"])
def test_on_the_last_page_a_patient_is_told_and_chooses_again(client: Client, slot, posted):
    other = make_slot(hours=slot.hours, starts=slot.starts + timedelta(days=1))
    come_to(client, "check", time={"slot": slot.pk})
    Slot.objects.filter(pk=slot.pk).update(is_covered=False)
    assert answer(client, "check", **posted).headers["Location"] == f"{BOOK}time/"
    assert "Your answers are kept" in problems(client.get(f"{BOOK}time/"))
    assert not Message.objects.exists()
    assert answer(client, "time", slot=other.pk).headers["Location"] == f"{BOOK}check/"
    answer(client, "check")
    assert Appointment.objects.get(status=Status.BOOKED).slot == other


def test_who_writes_on_another_page_is_told_too(client: Client, slot):
    come_to(client, "why")
    Slot.objects.update(is_covered=False)
    client.post(f"{BOOK}why/", {"keep": "yes", "reason": "Typed"})
    assert Draft.objects.get().appointment is None


def test_a_time_that_staff_withdraw_is_not_booked_by_others_of_the_staff(slot, admin_user):
    """Whatever they looked at before: the row itself is written under the condition."""
    held = Appointment.objects.create(
        slot=slot,
        appointment_type=slot.hours.types.get(),
        mode=Mode.VIDEO,
        held_until=slot.starts,
        created_at=slot.starts,
    )
    AppointmentType.objects.update(bookable_by_patients=False)
    rows = Appointment.objects.filter(pk=held.pk)
    before = slot.starts - timedelta(days=1)
    assert rows.still_offered(held.mode, before, by_staff=True).exists()
    Slot.objects.update(is_covered=False)
    assert not rows.still_offered(held.mode, before, by_staff=True).exists()
    asked = {
        "slot": slot,
        "appointment_type": held.appointment_type,
        "mode": Mode.VIDEO,
        "details": PATIENT,
        "by": admin_user,
    }
    with pytest.raises(booking.TimeTakenError):
        booking.book_for_patient(**asked, at=before)
