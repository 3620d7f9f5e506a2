"""Closures: the affected appointments are shown first, and none is lost."""

from datetime import datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.booking import booking, closures
from appointments.choices import Status
from appointments.models import Appointment, AuditEntry, Closure, Message, Slot, WorkingHours
from appointments.scheduling import availability, slot_sync
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_type
from calcsite.errors import UserFacingError
from calcsite.tests import people

pytestmark = pytest.mark.django_db

ADD = reverse("admin:appointments_closure_add")


@pytest.fixture
def hours() -> WorkingHours:
    """Hours in a week, from 9 to 12, on the same weekday as today; their slots are made."""
    hours = make_hours(weekday=timezone.localdate().weekday(), types=[make_type()])
    slot_sync.make_slots()
    return hours


@pytest.fixture
def coordinator() -> User:
    return people.make_person("Booking coordinator")


@pytest.fixture
def desk(coordinator: User) -> Client:
    """The browser of a booking coordinator."""
    client = Client()
    people.sign_in(client, coordinator)
    return client


def in_a_week(hour: int, minute: int = 0) -> datetime:
    day = timezone.localdate() + timedelta(days=7)
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def book(hours: WorkingHours, hour: int = 9, minute: int = 0, **details) -> Appointment:
    slot = Slot.objects.get(clinician=hours.clinician, starts=in_a_week(hour, minute))
    return make_appointment(slot=slot, **details)


def make_closure(hours: WorkingHours | None, *, hour: int = 8, until: int = 18) -> Closure:
    closure = Closure(clinician=hours and hours.clinician, starts=in_a_week(hour), ends=in_a_week(until))
    closures.close(closure=closure)
    return closure


def free_in_a_week() -> int:
    return Slot.objects.free().filter(starts__date=in_a_week(9).date()).count()


def test_a_closure_affects_appointments_that_overlap_it(hours):
    before, first, second = book(hours), book(hours, 9, 45), book(hours, 10, 30)
    other = make_hours(weekday=hours.weekday, types=list(hours.types.all()))
    slot_sync.make_slots()
    elsewhere = book(other, 9, 45)
    closure = Closure(clinician=hours.clinician, starts=in_a_week(10), ends=in_a_week(11))
    assert list(closures.affected_by(closure)) == [first, second]
    closure.clinician = None
    assert set(closures.affected_by(closure)) == {first, elsewhere, second}
    booking.cancel(appointment=first)
    assert before not in closures.affected_by(closure)
    assert first not in closures.affected_by(closure)


def test_closing_takes_the_free_times_and_keeps_the_appointments(hours):
    appointment = book(hours)
    make_closure(hours)
    assert free_in_a_week() == 0
    assert list(Appointment.objects.orphaned()) == [appointment]


def test_a_closure_that_is_moved_or_deleted_gives_its_times_back(hours):
    book(hours)
    closure = make_closure(None)
    closure.starts, closure.ends = in_a_week(11), in_a_week(12)
    closures.close(closure=closure)
    assert free_in_a_week() == 1
    assert not Appointment.objects.orphaned().exists()
    closures.reopen(closures=[closure])
    assert free_in_a_week() == 3


def test_an_affected_appointment_is_cancelled_with_a_message(hours, coordinator):
    appointment = book(hours)
    make_closure(hours)
    closures.settle(appointment=appointment, by=coordinator, text="We are sorry. Please telephone us.")
    appointment.refresh_from_db()
    assert appointment.status == Status.CANCELLED
    kinds = Message.objects.filter(kind__in=["cancellation", "staff"]).order_by("kind")
    assert list(kinds.values_list("kind", "text")) == [
        ("cancellation", ""),
        ("staff", "We are sorry. Please telephone us."),
    ]
    actors = AuditEntry.objects.exclude(action="booked").order_by("pk").values_list("action", "actor")
    assert list(actors) == [("cancelled", coordinator.username), ("messaged", coordinator.username)]


def test_an_affected_appointment_is_moved(hours, coordinator):
    appointment = book(hours)
    make_closure(hours)
    slot = availability.first_available(appointment.appointment_type, appointment.mode, hours.clinician)
    moved = closures.settle(appointment=appointment, by=coordinator, slot=slot)
    assert (moved.slot, moved.pk) == (slot, appointment.pk)
    assert not Appointment.objects.orphaned().exists()
    assert not Message.objects.filter(kind="staff").exists()


def test_nothing_is_done_when_the_message_cannot_be_sent(hours, coordinator):
    appointment = book(hours, email="")
    make_closure(hours)
    with pytest.raises(UserFacingError):
        closures.settle(appointment=appointment, by=coordinator, text="We are sorry.")
    appointment.refresh_from_db()
    assert appointment.status == Status.BOOKED


def test_an_appointment_moved_meanwhile_is_not_moved_again(hours, coordinator):
    appointment = book(hours)
    make_closure(hours)
    slots = Slot.objects.free().order_by("starts").filter(starts__gt=in_a_week(23))
    booking.reschedule(appointment=appointment, slot=slots[0])
    with pytest.raises(UserFacingError, match="changed meanwhile"):
        closures.settle(appointment=appointment, by=coordinator, slot=slots[1])


def form_of(hours: WorkingHours | None = None, *, hour: int = 8, until: int = 18, **fields) -> dict[str, str]:
    day = in_a_week(9).date().isoformat()
    times = {"starts": f"{day}T{hour:02}:00", "ends": f"{day}T{until:02}:00"}
    return times | {"clinician": hours.clinician_id if hours else "", "reason": "", "seen": ""} | fields


def test_a_closure_that_affects_no_appointment_is_saved_at_once(desk, hours):
    assert desk.post(ADD, form_of(hours)).status_code == 302
    assert free_in_a_week() == 0


def test_a_closure_shows_the_affected_patients_before_it_is_saved(desk, hours):
    appointment = book(hours)
    page = desk.post(ADD, form_of(hours))
    for shown in ["Nothing is saved yet", appointment.name, appointment.telephone, appointment.email, "09:00"]:
        assert shown in page.content.decode()
    assert not Closure.objects.exists()
    seen = page.context["adminform"].form["seen"].value()
    saved = desk.post(ADD, form_of(hours, seen=seen))
    assert saved.url == reverse("admin:appointments_closure_settle", args=[Closure.objects.get().pk])
    assert AuditEntry.objects.filter(action="listed", reference=appointment.reference).count() == 1


def test_an_appointment_booked_after_the_list_was_shown_is_shown_too(desk, hours):
    book(hours)
    seen = desk.post(ADD, form_of(hours)).context["adminform"].form["seen"].value()
    book(hours, 9, 45, name="Robin Later")
    assert "Robin Later" in desk.post(ADD, form_of(hours, seen=seen)).content.decode()
    assert not Closure.objects.exists()


def choose(appointment: Appointment, choice: object) -> dict[str, str]:
    return {f"appointment-{appointment.pk}": str(choice)}


def test_each_patient_is_kept_moved_or_cancelled(desk, hours):
    kept, moved, cancelled = book(hours), book(hours, 9, 45), book(hours, 10, 30)
    page = reverse("admin:appointments_closure_settle", args=[make_closure(hours).pk])
    slot = Slot.objects.free().filter(starts__gt=in_a_week(23)).earliest("starts")
    assert str(slot.pk) in desk.get(page).content.decode()
    choices = choose(kept, "keep") | choose(moved, slot.pk) | choose(cancelled, "cancel")
    told = desk.post(page, choices | {"text": "We are sorry."}, follow=True).content.decode()
    assert "moved to" in told
    assert [(one.status, one.slot) for one in Appointment.objects.order_by("pk")] == [
        (Status.BOOKED, kept.slot),
        (Status.BOOKED, slot),
        (Status.CANCELLED, cancelled.slot),
    ]
    assert set(Message.objects.filter(kind="staff").values_list("appointment", flat=True)) == {moved.pk, cancelled.pk}


def test_a_patient_without_email_is_moved_and_staff_are_told_to_telephone(desk, hours):
    appointment = book(hours, email="")
    page = reverse("admin:appointments_closure_settle", args=[make_closure(hours).pk])
    slot = Slot.objects.free().filter(starts__gt=in_a_week(23)).earliest("starts")
    fields = choose(appointment, slot.pk) | {"text": "We are sorry."}
    told = desk.post(page, fields, follow=True).content.decode()
    assert "Kim Example has no e-mail address. Telephone them now: 01632 960 001." in told
    assert Appointment.objects.get().slot == slot
    assert not Message.objects.filter(kind="staff").exists()


def test_a_closure_begins_as_the_whole_day_that_the_calendar_was_at(desk, hours):
    day, clinician = in_a_week(9).date(), hours.clinician
    calendar = desk.get(reverse("admin:appointments_calendar"), {"day": day, "clinician": clinician.pk})
    address = f"{ADD}?day={day}&clinician={clinician.pk}"
    assert address.replace("&", "&amp;") in calendar.content.decode()
    form = desk.get(address).context["adminform"].form
    assert f'value="{day}T00:00"' in str(form["starts"])
    assert f'value="{day + timedelta(days=1)}T00:00"' in str(form["ends"])
    assert f'value="{clinician.pk}" selected' in str(form["clinician"])
    assert desk.get(f"{ADD}?day=2026-02-31&clinician=x").status_code == 200


def test_of_two_moves_to_one_slot_the_second_fails_and_staff_are_told(desk, hours):
    first, second = book(hours, name="First Example"), book(hours, 9, 45, name="Second Example")
    page = reverse("admin:appointments_closure_settle", args=[make_closure(hours).pk])
    slot = Slot.objects.free().filter(starts__gt=in_a_week(23)).earliest("starts")
    choices = choose(first, slot.pk) | choose(second, slot.pk)
    told = desk.post(page, choices | {"text": ""}, follow=True).content.decode()
    assert "Second Example: nothing has changed. Somebody else has just taken that time." in told
    assert list(Appointment.objects.orphaned()) == [second]


@pytest.mark.parametrize("choice", ["", "0", "move", "-1", "9" * 30, "\0"])
def test_a_choice_that_was_not_offered_is_refused(desk, hours, choice):
    appointment = book(hours)
    page = reverse("admin:appointments_closure_settle", args=[make_closure(hours).pk])
    assert desk.post(page, choose(appointment, choice) | {"text": ""}).status_code == 200
    appointment.refresh_from_db()
    assert appointment.sequence == 0


@pytest.mark.parametrize("group", ["Administrator", "Clinician", "Editor", "Clinical reviewer"])
def test_only_permitted_staff_see_the_affected_patients(hours, group):
    book(hours)
    client = Client()
    people.sign_in(client, people.make_person(group))
    page = reverse("admin:appointments_closure_settle", args=[make_closure(hours).pk])
    assert client.get(page).status_code == 403
    assert client.get(ADD).status_code == 403


def test_deciding_for_many_takes_as_many_queries_as_for_one(desk, hours, django_assert_max_num_queries):
    other = make_hours(weekday=hours.weekday, types=list(hours.types.all()), clinician=make_clinician())
    slot_sync.make_slots()
    for place in (hours, other):
        for hour, minute in [(9, 0), (9, 45), (10, 30), (11, 15)]:
            book(place, hour, minute)
    page = reverse("admin:appointments_closure_settle", args=[make_closure(None).pk])
    with django_assert_max_num_queries(22):
        assert desk.get(page).content.decode().count("<fieldset") == 8
