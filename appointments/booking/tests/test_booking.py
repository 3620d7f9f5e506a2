"""How a slot becomes an appointment, and that nothing else does."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from appointments.booking import booking, records
from appointments.booking.booking import TimeTakenError, TooManyError
from appointments.choices import Mode, Status
from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, Draft, Message, Note, Slot
from appointments.tests.factories import PATIENT, make_appointment, make_draft, make_hours, make_slot, make_type
from calcsite.errors import UserFacingError

pytestmark = pytest.mark.django_db


def hold(slot: Slot, **fields) -> Appointment:
    draft = fields.pop("draft", None) or make_draft()
    return booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO, **fields)


def test_a_held_slot_is_booked_by_its_draft():
    draft, slot = make_draft(), make_slot()
    held = hold(slot, draft=draft)
    assert not Slot.objects.free().exists()
    booked = booking.book(draft=draft, details=PATIENT)
    assert (booked.pk, booked.status, booked.name) == (held.pk, Status.BOOKED, "Kim Example")
    assert len(booked.reference) == 8


def test_a_second_claim_on_a_slot_is_refused():
    slot = make_slot()
    hold(slot)
    with pytest.raises(TimeTakenError, match="just taken"):
        hold(slot)


def test_the_database_refuses_a_second_live_appointment_on_a_slot():
    slot = make_slot()
    make_appointment(slot=slot)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.create(
            slot=slot, appointment_type=slot.hours.types.get(), mode="video", held_until=timezone.now()
        )


def test_booking_twice_books_once():
    draft = make_draft()
    hold(make_slot(), draft=draft)
    first = booking.book(draft=draft, details=PATIENT)
    second = booking.book(draft=draft, details=PATIENT)
    assert first == second
    assert Message.objects.filter(kind="confirmation").count() == 1


def test_an_outdated_draft_in_memory_books_the_slot_that_is_held():
    draft, hours = make_draft(answers={"you": {"name": "Kim Example"}}), make_hours()
    hold(make_slot(hours=hours), draft=draft)
    read_before = Draft.objects.select_related("appointment__slot").get(pk=draft.pk)
    second = hold(make_slot(hours=hours), draft=draft)
    assert booking.book(draft=read_before, details=PATIENT) == second
    draft.refresh_from_db()
    assert (draft.appointment, draft.answers) == (second, {})


def test_a_booking_that_comes_to_nothing_keeps_the_answers():
    draft = make_draft(answers={"you": {"name": "Kim Example"}})
    with pytest.raises(TimeTakenError):
        booking.book(draft=draft, details=PATIENT)
    hold(make_slot(), draft=draft)
    while booking.may_book(PATIENT["email"]):
        pass
    with pytest.raises(TooManyError):
        booking.book(draft=draft, details=PATIENT, is_limited=True)
    draft.refresh_from_db()
    assert (draft.answers, draft.appointment.status) == ({"you": {"name": "Kim Example"}}, Status.HELD)
    assert not Message.objects.exists()


def test_letting_go_takes_few_statements_for_any_number_of_relations(django_assert_num_queries):
    draft = make_draft()
    hold(make_slot(), draft=draft)
    with django_assert_num_queries(4 + 2):  # two look, two write; and those that begin and end the transaction
        booking.release(draft=draft)
    assert (Appointment.objects.count(), Draft.objects.get().appointment) == (0, None)


def test_a_hold_that_ran_out_can_be_taken_by_another_draft():
    slot, now = make_slot(), timezone.now()
    first = make_draft()
    hold(slot, draft=first, at=now)
    later = now + booking.HOLD + timedelta(seconds=1)
    assert Slot.objects.free(later).exists()
    second = hold(slot, at=later)
    assert second.status == Status.HELD
    with pytest.raises(TimeTakenError, match="your answers are kept"):
        booking.book(draft=first, details=PATIENT, at=later)


def test_a_hold_that_ran_out_and_was_not_taken_is_still_good():
    draft, now = make_draft(), timezone.now()
    hold(make_slot(), draft=draft, at=now)
    later = now + booking.HOLD + timedelta(minutes=1)
    booking.extend(draft=draft, at=later)
    assert booking.book(draft=draft, details=PATIENT, at=later).status == Status.BOOKED


def test_a_hold_cannot_be_made_longer_for_ever():
    draft, now = make_draft(), timezone.now()
    hold(make_slot(), draft=draft, at=now)
    with pytest.raises(UserFacingError, match="any longer"):
        booking.extend(draft=draft, at=now + booking.LONGEST_HOLD)


def test_choosing_another_time_releases_the_first():
    draft, hours = make_draft(), make_hours()
    first, second = make_slot(hours=hours), make_slot(hours=hours)
    hold(first, draft=draft)
    hold(second, draft=draft)
    assert list(Slot.objects.free()) == [first]


def test_a_slot_is_booked_only_for_the_types_that_it_is_offered_for():
    slot = make_slot(video=False)
    with pytest.raises(TimeTakenError, match="no longer offered"):
        hold(slot)
    with pytest.raises(TimeTakenError, match="no longer offered"):
        booking.hold(draft=make_draft(), slot=make_slot(), appointment_type=make_type(), mode=Mode.VIDEO)


@pytest.mark.parametrize(
    ("wait", "problem"),
    [(timedelta(hours=-1), "has passed"), (timedelta(hours=23), "too soon"), (timedelta(days=61), "too far ahead")],
)
def test_a_slot_is_booked_within_its_notice_and_horizon(wait, problem):
    with pytest.raises(UserFacingError, match=problem):
        hold(make_slot(starts=timezone.now() + wait))


def test_an_appointment_is_moved_as_one_row_and_frees_its_old_time():
    appointment = make_appointment()
    old, new = appointment.slot, make_slot(hours=appointment.slot.hours)
    moved = booking.reschedule(appointment=appointment, slot=new)
    assert (moved.pk, moved.slot, moved.sequence, moved.reference) == (appointment.pk, new, 1, appointment.reference)
    assert list(Slot.objects.free()) == [old]


def test_an_appointment_is_not_moved_to_a_time_that_is_taken():
    appointment = make_appointment()
    taken = make_appointment(slot=make_slot(hours=appointment.slot.hours)).slot
    with pytest.raises(TimeTakenError):
        booking.reschedule(appointment=appointment, slot=taken)
    appointment.refresh_from_db()
    assert appointment.sequence == 0


def test_of_two_moves_from_the_same_state_the_second_is_told():
    appointment = make_appointment()
    slots = [make_slot(hours=appointment.slot.hours) for _ in range(2)]
    booking.reschedule(appointment=appointment, slot=slots[0])
    with pytest.raises(UserFacingError, match="changed meanwhile"):
        booking.reschedule(appointment=appointment, slot=slots[1])


def test_a_cancelled_appointment_frees_its_time_and_is_told_once():
    appointment = make_appointment()
    for _ in range(2):
        booking.cancel(appointment=appointment)
    assert Slot.objects.free().exists()
    assert Message.objects.filter(kind="cancellation").count() == 1


def test_an_appointment_that_is_over_cannot_be_cancelled():
    appointment = make_appointment()
    records.mark(appointment=appointment, status=Status.ARRIVED, by=audit.PATIENT, at=appointment.slot.starts)
    with pytest.raises(UserFacingError, match="is over"):
        booking.cancel(appointment=appointment)


@pytest.mark.parametrize("status", [Status.HELD, Status.BOOKED, Status.CANCELLED])
def test_an_appointment_is_not_marked_off_its_lines(status):
    with pytest.raises(UserFacingError):
        records.mark(appointment=make_appointment(), status=status, by=audit.PATIENT)


def test_the_database_refuses_a_status_off_the_lines():
    make_appointment()
    with pytest.raises(DatabaseError, match="cannot move like this"), transaction.atomic():
        Appointment.objects.update(status=Status.HELD, held_until=timezone.now())


def test_two_slots_of_one_clinician_never_overlap():
    slot = make_slot()
    inside = slot.starts + timedelta(minutes=44)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_slot(hours=slot.hours, starts=inside)
    other = make_slot(hours=slot.hours, starts=slot.ends)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.filter(pk=other.pk).update(starts=inside)
    make_slot(starts=inside)


def test_reminders_are_written_for_the_time_as_it_is():
    now = timezone.now()
    appointment = make_appointment(slot=make_slot(starts=now + timedelta(days=3)), at=now)
    due = list(Message.objects.filter(kind="reminder").values_list("due_at", flat=True))
    assert due == [appointment.slot.starts - timedelta(days=1)]


def test_every_step_is_in_the_audit_log(admin_user):
    appointment = make_appointment()
    booking.reschedule(appointment=appointment, slot=make_slot(hours=appointment.slot.hours), by=admin_user)
    appointment.refresh_from_db()
    booking.cancel(appointment=appointment)
    told = list(AuditEntry.objects.order_by("pk").values_list("action", "actor"))
    assert told == [("booked", "the patient"), ("moved", "admin"), ("cancelled", "the patient")]


@pytest.mark.parametrize("change", [lambda entries: entries.update(actor="nobody"), lambda entries: entries.delete()])
def test_the_audit_log_is_kept(change):
    make_appointment()
    with pytest.raises(DatabaseError, match="audit log"), transaction.atomic():
        change(AuditEntry.objects.all())


def test_an_appointment_that_has_begun_is_neither_moved_nor_cancelled(admin_user):
    appointment = make_appointment()
    begins, later = appointment.slot.starts, make_slot(hours=appointment.slot.hours, starts=appointment.slot.ends)
    with pytest.raises(UserFacingError, match="is over"):
        booking.reschedule(appointment=appointment, slot=later, by=admin_user, at=begins)
    with pytest.raises(UserFacingError, match="is over"):
        booking.cancel(appointment=appointment, at=begins)
    appointment.refresh_from_db()
    assert (appointment.status, appointment.sequence) == (Status.BOOKED, 0)
    assert not Message.objects.filter(kind__in=["change", "cancellation"]).exists()


@pytest.mark.parametrize("after", [timedelta(0), timedelta(microseconds=-1)])
def test_one_row_is_coming_as_long_as_a_list_has_it(after):
    appointment = make_appointment()
    at = appointment.slot.starts + after
    assert appointment.is_coming(at) == Appointment.objects.coming(at).exists() == bool(after)


@pytest.mark.parametrize(
    ("before", "possible"),
    [
        (timedelta(days=1), [Status.CONFIRMED]),
        (timedelta(minutes=1), [Status.CONFIRMED, Status.ARRIVED]),
        (timedelta(0), [Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.MISSED]),
    ],
)
def test_a_mark_is_refused_before_it_can_be_true(before, possible):
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=7)
    appointment = make_appointment(slot=make_slot(starts=noon))
    at = noon - before
    assert records.possible_marks(appointment, at) == possible
    for status in set(Status) - set(possible):
        with pytest.raises(UserFacingError, match="cannot be marked"):
            records.mark(appointment=appointment, status=status, by=audit.PATIENT, at=at)
    records.mark(appointment=appointment, status=possible[-1], by=audit.PATIENT, at=at)
    assert appointment.status == possible[-1]


def test_without_an_address_none_is_confirmed():
    with pytest.raises(UserFacingError, match="cannot be marked"):
        records.mark(appointment=make_appointment(email=""), status=Status.CONFIRMED, by=audit.PATIENT)


def test_an_audit_entry_without_an_actor_is_refused():
    appointment = make_appointment()
    for nobody in ({}, {"by": None}, {"by": ""}):
        with pytest.raises(TypeError):
            audit.record(AuditEntry.Action.READ, appointment, **nobody)
        with pytest.raises(TypeError):
            records.mark(appointment=appointment, status=Status.CONFIRMED, **nobody)
    assert not AuditEntry.objects.filter(action__in=["read", "confirmed"]).exists()


@pytest.mark.parametrize("fields", [{"booked_at": None}, {"status": Status.CANCELLED}])
def test_the_database_refuses_a_state_that_does_not_say_since_when(fields):
    make_appointment()
    with pytest.raises(IntegrityError), transaction.atomic():
        Appointment.objects.update(**fields)


@pytest.mark.parametrize("minutes", [0, 4])
def test_the_database_refuses_slots_that_last_no_time(minutes):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_hours(slot_minutes=minutes)


def test_a_note_is_kept_as_it_was_written(admin_user):
    note = records.write_note(appointment=make_appointment(), text="Came with a dog.", by=admin_user)
    with pytest.raises(DatabaseError, match="a note cannot be changed"), transaction.atomic():
        Note.objects.update(text="Came alone.")
    note.delete()
