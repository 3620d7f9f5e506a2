"""Booking: a slot is held, booked, moved to another slot, and cancelled.

A row in state *held* claims a slot; the partial unique constraint on live appointments decides every race. A patient's
answers are in their draft meanwhile, so nothing is lost when a hold runs out. Rescheduling is one update of `slot` on
the same row. Messages are rows, written in the transaction of the change that they tell about.

Every rule about a slot is read in the transaction that claims it (`SlotQuerySet.suited`), and every change of state is
one statement that names the state before.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from appointments.access import links
from appointments.choices import COMING, Status
from appointments.governance import audit
from appointments.guidance import copies
from appointments.models import Appointment, AppointmentType, AuditEntry, Draft, FollowUp, Message, Slot
from appointments.models.hours import BOOKABLE_BY_PATIENTS, slot_still_suits, within_window
from calcsite.errors import UserFacingError
from calcsite.security import limits
from calcsite.stale import StaleError

HOLD = timedelta(minutes=20)  # while the patient writes; they can extend it
LONGEST_HOLD = timedelta(hours=2)  # however often it is extended
BOOKED_BY_EMAIL, BOOKINGS_A_DAY = "booked by e-mail", 10
REMINDERS = (timedelta(days=7), timedelta(days=1))  # before the appointment
OVER = "This appointment is over or cancelled, and cannot be changed any more."
CHANGED = "This appointment was changed meanwhile. Look at it again."
RUN_OUT = "The time that we kept for you has run out. Choose another one: your answers are kept."
WITHDRAWN = "The time that we kept for you is no longer offered. Choose another one: your answers are kept."

Action, Kind = AuditEntry.Action, Message.Kind


class TimeTakenError(UserFacingError):
    """The slot has another live appointment, or is no longer offered. Other times may be free."""


class WithdrawnError(TimeTakenError):
    """The slot of a hold is no longer offered. The hold is released."""


class TooManyError(UserFacingError):
    """A limit on bookings or holds is reached."""


@transaction.atomic
def hold(
    *, draft: Draft, slot: Slot, appointment_type: AppointmentType, mode: str, at: datetime | None = None
) -> Appointment:
    """Claim a slot for a draft, and release the one that it held before.

    Raises TimeTakenError if another live appointment has the slot or it is not offered, and UserFacingError if it is
    beyond the horizon or the draft is booked already.
    """
    now = at or timezone.now()
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    check_bookable(slot, appointment_type, mode, now, is_new=True)
    before = draft.appointment
    if before and before.status != Status.HELD:
        raise UserFacingError(f"You have booked already: your reference is {before.spoken_reference}.")
    if before and before.slot_id == slot.pk and now < latest_end(before):
        until = min(now + HOLD, latest_end(before))
        Appointment.objects.filter(pk=before.pk).update(appointment_type=appointment_type, mode=mode, held_until=until)
        before.refresh_from_db()
        return before
    if before:
        let_go(before)
    appointment = _claim(slot, appointment_type, mode, at=now)
    Draft.objects.filter(pk=draft.pk).update(appointment=appointment, touched_at=now)
    return appointment


def check_bookable(
    slot: Slot,
    appointment_type: AppointmentType,
    mode: str,
    at: datetime,
    *,
    by_staff: bool = False,
    is_new: bool = False,
) -> None:
    """Lock a slot that is offered for this type and mode at a moment. Raises UserFacingError if it is not.

    Staff book at any notice. A new booking by a patient needs a type that patients book; a move does not.
    """
    slots, terms = Slot.objects.filter(pk=slot.pk), [] if by_staff else [within_window(at)]
    terms += [BOOKABLE_BY_PATIENTS] if is_new else []
    # Locked against a deletion meanwhile; on PostgreSQL its foreign key would be checked only at the end.
    offered = slots.suited(appointment_type, mode, *terms).select_for_update(of=("self",), no_key=True).first()
    if offered and slot.starts > at:
        return
    since, until = appointment_type.window(at, by_staff=by_staff)
    if slots.suited(appointment_type, mode).exists():
        if slot.starts <= at:
            raise TimeTakenError("That time has passed.")
        if slot.starts < since:
            raise TimeTakenError(f"That time is too soon: book at least {appointment_type.notice_hours} hours before.")
        if slot.starts >= until:
            days = appointment_type.horizon_days
            raise UserFacingError(f"That time is too far ahead: you can book up to {days} days before.")
    raise TimeTakenError("That time is no longer offered.")


def _claim(slot: Slot, appointment_type: AppointmentType, mode: str, *, at: datetime) -> Appointment:
    """Put a new hold on a slot. Raises TimeTakenError when another live appointment has it."""
    clear_run_out(at, slot=slot)
    try:
        with transaction.atomic():
            fields = {"appointment_type": appointment_type, "mode": mode, "held_until": at + HOLD}
            return Appointment.objects.create(slot=slot, created_at=at, **fields)
    except IntegrityError as error:
        raise TimeTakenError("Somebody else has just taken that time.") from error


def latest_end(held: Appointment) -> datetime:
    """When a hold ends at the latest. After it the time has to be chosen again, and choices are counted."""
    return held.created_at + LONGEST_HOLD


def let_go(held: Appointment) -> None:
    """Delete a hold whose draft is locked, so that it is not booked meanwhile."""
    Draft.objects.filter(appointment=held).update(appointment=None)
    Appointment.objects.filter(pk=held.pk).let_go()


@transaction.atomic
def release(*, draft: Draft) -> None:
    """Release the hold of a draft. A booked appointment stays booked."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.appointment and draft.appointment.status == Status.HELD:
        let_go(draft.appointment)


@transaction.atomic
def clear_run_out(at: datetime | None = None, *, slot: Slot | None = None) -> int:
    """Delete the holds that have run out, on one slot or everywhere. Returns how many. They hold nothing of a patient.

    A hold that is being booked at this moment is passed over: both rows are locked before they are read again, the
    draft first, as in `book`. So no booking is deleted, and no transaction waits for another.
    """
    run_out = Appointment.objects.run_out(at)
    if slot is not None:
        run_out = run_out.filter(slot=slot)
    keys = set(run_out.values_list("pk", flat=True))
    if not keys:
        return 0
    drafts = Draft.objects.filter(appointment__in=keys)
    written = set(drafts.values_list("appointment", flat=True))
    quiet = set(drafts.select_for_update(skip_locked=True).values_list("appointment", flat=True))
    locked = run_out.filter(pk__in=keys - written | quiet).select_for_update(skip_locked=True)
    over = list(locked.values_list("pk", flat=True))
    Draft.objects.filter(appointment__in=over).update(appointment=None)
    return Appointment.objects.filter(pk__in=over).let_go()


def extend(*, draft: Draft, at: datetime | None = None) -> Appointment:
    """Hold a slot for `HOLD` from now, and for `LONGEST_HOLD` in all. A hold that ran out can be extended too.

    Raises TimeTakenError if the hold is gone or its slot is no longer offered, and UserFacingError at the latest end.
    """
    try:
        return _extend(draft, at or timezone.now())
    except WithdrawnError:
        release(draft=draft)
        draft.appointment = None
        raise


@transaction.atomic
def _extend(draft: Draft, now: datetime) -> Appointment:
    drafts = Draft.objects.select_for_update(of=("self",)).select_related("appointment__slot")
    held = drafts.get(pk=draft.pk).appointment
    if held is None:
        raise TimeTakenError(RUN_OUT)
    until = min(now + HOLD, latest_end(held))
    if until <= now:
        raise UserFacingError("We cannot keep this time for you any longer. Book now, or choose a time again.")
    rows = Appointment.objects.filter(pk=held.pk, status=Status.HELD)
    if held.slot.starts <= now or rows.filter(slot_still_suits(held.mode)).update(held_until=until) != 1:
        raise WithdrawnError(WITHDRAWN) if rows.exists() else UserFacingError("This time is booked already.")
    held.refresh_from_db()
    return held


def book(
    *, draft: Draft, details: dict[str, Any], at: datetime | None = None, is_limited: bool = False
) -> Appointment:
    """Make an appointment of a draft's hold, with the patient's `details` (fields of Appointment).

    The draft's answers are deleted: they are in the appointment, to which it still leads. A second call returns the
    same appointment. Raises TimeTakenError if the hold is gone or its slot is no longer offered; the answers stay.
    With `is_limited`, each new booking counts towards `BOOKINGS_A_DAY`, and one more raises TooManyError.
    """
    try:
        return _book_hold(draft, details, at or timezone.now(), is_limited)
    except WithdrawnError:
        release(draft=draft)
        draft.appointment = None
        raise


@transaction.atomic
def _book_hold(draft: Draft, details: dict[str, Any], at: datetime, is_limited: bool) -> Appointment:
    wanted = FollowUp.objects.in_turn(draft.follow_up_id) if draft.follow_up_id else None
    held = _empty(draft)
    if held is None:
        raise TimeTakenError(RUN_OUT)
    try:
        booked = _book(held, details, at=at, by=audit.PATIENT)
    except TimeTakenError:
        return _booked_before(held)
    if is_limited and not may_book(details["email"], at):
        raise TooManyError("You have booked as often as anybody can in a day.")
    if wanted is not None:
        wanted.update(appointment=booked)  # no row, if it is booked already: this appointment stands on its own
    return booked


def may_book(email: str, at: datetime | None = None) -> bool:
    """Count a booking by its e-mail address, and say whether it is among the `BOOKINGS_A_DAY`.

    The hold before it was counted by the address that it came from.
    """
    per = timedelta(days=1)
    return limits.allow(scope=BOOKED_BY_EMAIL, key=email.casefold(), limit=BOOKINGS_A_DAY, per=per, at=at)


def _empty(draft: Draft) -> Appointment | None:
    """Lock a draft by deleting its answers. Returns its hold: the one in memory, if the draft still has it."""
    rows = Draft.objects.filter(pk=draft.pk)
    nothing = {"answers": {}, "condition": None, "follow_up": None}
    if draft.appointment_id and rows.filter(appointment=draft.appointment_id).update(**nothing):
        return draft.appointment
    rows.update(**nothing)
    changed = rows.select_related("appointment__slot").first()
    return changed and changed.appointment


def _booked_before(held: Appointment) -> Appointment:
    """The appointment that an earlier call, such as the first of two clicks, has made of a hold."""
    found = Appointment.objects.filter(pk=held.pk).first()
    if found is None:
        raise TimeTakenError(RUN_OUT)
    if found.status == Status.HELD:
        raise WithdrawnError(WITHDRAWN)
    return found


@transaction.atomic
def book_for_patient(
    *,
    slot: Slot,
    appointment_type: AppointmentType,
    mode: str,
    details: dict[str, Any],
    by: AbstractBaseUser,
    at: datetime | None = None,
) -> Appointment:
    """Book in one step on a patient's behalf. Raises TimeTakenError and UserFacingError as `check_bookable` does."""
    now = at or timezone.now()
    check_bookable(slot, appointment_type, mode, now, by_staff=True)
    held = _claim(slot, appointment_type, mode, at=now)
    return _book(held, details | {"booked_by": "staff"}, at=now, by=by)


def _book(held: Appointment, details: dict[str, Any], *, at: datetime, by: AbstractBaseUser | str) -> Appointment:
    """Only the owner of its draft updates a hold, and the draft is locked: so the row in memory is current."""
    fields = details | {"status": Status.BOOKED, "held_until": None, "booked_at": at}
    by_staff = by != audit.PATIENT
    rows = Appointment.objects.filter(slot_still_suits(held.mode, by_staff=by_staff), pk=held.pk, status=Status.HELD)
    if held.slot.starts <= at or rows.update(**fields) != 1:
        raise TimeTakenError("That time is no longer offered." if by_staff else RUN_OUT)
    for name, value in fields.items():
        setattr(held, name, value)
    copies.copy_checklist(held)
    tell(held, Kind.CONFIRMATION, at=at)
    audit.record(Action.BOOKED, held, by=by)
    return held


@transaction.atomic
def reschedule(
    *,
    appointment: Appointment,
    slot: Slot,
    by: AbstractBaseUser | None = None,
    seen: str | None = None,
    at: datetime | None = None,
) -> Appointment:
    """Move an appointment to another slot by one update of the row. `by` is a member of staff; None for the patient.

    Raises TimeTakenError if the slot is not free or not offered, StaleError if the appointment has changed since it
    was read or is not the revision `seen`, and UserFacingError if it is over.
    """
    now = at or timezone.now()
    check_bookable(slot, appointment.appointment_type, appointment.mode, now, by_staff=by is not None)
    clear_run_out(now, slot=slot)
    unchanged = _coming(appointment, now).filter(sequence=appointment.sequence)
    try:
        with transaction.atomic():
            moved = seen in (None, appointment.revision) and unchanged.update(slot=slot, sequence=F("sequence") + 1)
    except IntegrityError as error:
        raise TimeTakenError("Somebody else has just taken that time.") from error
    if not moved:
        raise StaleError(CHANGED) if _coming(appointment, now).exists() else UserFacingError(OVER)
    appointment = Appointment.objects.select_related("slot__clinician", "appointment_type").get(pk=appointment.pk)
    tell(appointment, Kind.CHANGE, at=now)
    audit.record(Action.MOVED, appointment, by=by or audit.PATIENT)
    return appointment


@transaction.atomic
def cancel(
    *,
    appointment: Appointment,
    why: str = "",
    by: AbstractBaseUser | None = None,
    seen: str | None = None,
    at: datetime | None = None,
) -> Appointment:
    """Cancel a coming appointment. Its slot is free at once, and its links end. A second call changes nothing.

    Raises StaleError if the appointment is not the revision `seen`, and UserFacingError if it has begun and if the
    patient has arrived.
    """
    now = at or timezone.now()
    coming = _coming(appointment, now)
    if seen is not None:
        coming = coming.filter(sequence=appointment.sequence) if seen == appointment.revision else coming.none()
    fields = {"cancelled_at": now, "cancelled_why": why.strip()[:300], "sequence": F("sequence") + 1}
    done = coming.update(status=Status.CANCELLED, **fields)
    appointment = Appointment.objects.select_related("slot__clinician", "appointment_type").get(pk=appointment.pk)
    if not done and appointment.is_coming(now):
        raise StaleError(CHANGED)
    if not done and appointment.status != Status.CANCELLED:
        raise UserFacingError("This appointment is over, and cannot be cancelled.")
    if done:
        links.end_all(appointment, at=now)
        tell(appointment, Kind.CANCELLATION, at=now)
        audit.record(Action.CANCELLED, appointment, by=by or audit.PATIENT)
    return appointment


def _coming(appointment: Appointment, at: datetime) -> QuerySet[Appointment]:
    """One row, while the patient is expected. The statement that changes it evaluates both conditions, without a join:
    PostgreSQL reads joined rows, and rows chosen by a query within, as they were before a concurrent change.
    """
    ahead = Slot.objects.filter(pk=OuterRef("slot"), starts__gt=at)
    return Appointment.objects.filter(Exists(ahead), pk=appointment.pk, status__in=COMING)


def tell(appointment: Appointment, kind: Message.Kind, *, at: datetime) -> None:
    """Write the message about a change, and the reminders for the time as it is now. Each is written once."""
    about = {"appointment": appointment, "sequence": appointment.sequence, "created_at": at}
    messages = [Message(kind=kind, due_at=at, **about)]
    if appointment.status in COMING:
        for before in REMINDERS:
            due = appointment.slot.starts - before
            if due > at:
                messages.append(Message(kind=Kind.REMINDER, days_before=before.days, due_at=due, **about))
    Message.objects.bulk_create(messages, ignore_conflicts=True)
