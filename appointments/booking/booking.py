"""Booking: how a slot becomes an appointment, and how an appointment is moved and cancelled.

A row in state *held* claims a slot; the partial unique constraint on live appointments decides every race. What a
patient writes meanwhile is in their draft, so nothing is lost when a hold runs out. Rescheduling is one update of
`slot` on the same row. Messages are rows, written in the same transaction as what they tell about.

Nothing is checked first and written later: what a rule asks of a slot is read in the transaction that claims it, and a
change of state is one statement that says from which state.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from appointments.access import links
from appointments.choices import COMING, NEXT, Status
from appointments.governance import audit
from appointments.guidance import copies
from appointments.models import Appointment, AppointmentType, AuditEntry, Draft, FollowUp, Message, Slot
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError

HOLD = timedelta(minutes=20)  # while the patient writes; they can extend it
LONGEST_HOLD = timedelta(hours=2)  # however often it is extended
REMINDERS = (timedelta(days=7), timedelta(days=1))  # before the appointment
OVER = "This appointment is over or cancelled, and cannot be changed any more."
CHANGED = "This appointment was changed meanwhile. Look at it again."
RUN_OUT = "The time that we kept for you has run out. Choose another one: your answers are kept."
WITHDRAWN = "The time that we kept for you is no longer offered. Choose another one: your answers are kept."

Action, Kind = AuditEntry.Action, Message.Kind


class TimeTakenError(UserFacingError):
    """The slot has another live appointment, or is no longer offered. Other slots may be free."""


class WithdrawnError(TimeTakenError):
    """The held slot is no longer offered, and the hold has ended."""


class TooManyError(UserFacingError):
    """The limit of bookings or holds is reached."""


@transaction.atomic
def hold(
    *, draft: Draft, slot: Slot, appointment_type: AppointmentType, mode: str, at: datetime | None = None
) -> Appointment:
    """Claim a slot for whoever writes `draft`, and let go of the one that they held before.

    Raises TimeTakenError when somebody else has it, and UserFacingError when it cannot be booked like this.
    """
    now = at or timezone.now()
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    check_bookable(slot, appointment_type, mode, now)
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
    slot: Slot, appointment_type: AppointmentType, mode: str, at: datetime, *, by_staff: bool = False
) -> None:
    """Raises UserFacingError unless a slot is offered for this kind and mode. Staff may book at shorter notice."""
    offered = Slot.objects.filter(pk=slot.pk).suited(appointment_type, mode)
    # Locked, so that nobody deletes it meanwhile; on PostgreSQL its foreign key would be checked only at the end.
    if not offered.select_for_update(of=("self",), no_key=True).first():
        raise TimeTakenError("That time is no longer offered.")
    if slot.starts <= at:
        raise TimeTakenError("That time has passed.")
    since, until = appointment_type.window(at, by_staff=by_staff)
    if slot.starts < since:
        raise TimeTakenError(f"That time is too soon: book at least {appointment_type.notice_hours} hours before.")
    if slot.starts >= until:
        days = appointment_type.horizon_days
        raise UserFacingError(f"That time is too far ahead: you can book up to {days} days before.")


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
    """When a hold ends, whatever its owner does. They can only choose the time again, and choices are counted."""
    return held.created_at + LONGEST_HOLD


def let_go(held: Appointment) -> None:
    """Give up a hold whose draft is locked, so that nobody books it meanwhile."""
    Draft.objects.filter(appointment=held).update(appointment=None)
    Appointment.objects.filter(pk=held.pk).let_go()


@transaction.atomic
def release(*, draft: Draft) -> None:
    """Let go of what a draft holds. What was booked stays booked."""
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.appointment and draft.appointment.status == Status.HELD:
        let_go(draft.appointment)


@transaction.atomic
def clear_run_out(at: datetime | None = None, *, slot: Slot | None = None) -> int:
    """Delete holds whose time is over, on one slot or everywhere. Returns how many. They hold nothing of a patient.

    One that somebody is booking at this moment is passed over: both rows are locked before they are looked at again,
    the draft first, as in `book`. So what was booked is never deleted, and nobody waits for anybody.
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
    """Hold a slot for longer: `HOLD` from now, in all `LONGEST_HOLD`. One that ran out and nobody took counts too.

    Raises TimeTakenError when the hold has gone, and UserFacingError when it cannot be made longer. A time that is not
    offered any more is let go of.
    """
    try:
        return _extend(draft, at or timezone.now())
    except WithdrawnError:
        release(draft=draft)
        draft.appointment = None
        raise


@transaction.atomic
def _extend(draft: Draft, now: datetime) -> Appointment:
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    held = draft.appointment
    if held is None:
        raise TimeTakenError(RUN_OUT)
    until = min(now + HOLD, latest_end(held))
    if until <= now:
        raise UserFacingError("We cannot keep this time for you any longer. Book now, or choose a time again.")
    rows = Appointment.objects.filter(pk=held.pk, status=Status.HELD)
    if rows.still_offered(held.mode, now).update(held_until=until) != 1:
        raise WithdrawnError(WITHDRAWN) if rows.exists() else UserFacingError("This time is booked already.")
    held.refresh_from_db()
    return held


def book(
    *,
    draft: Draft,
    details: dict[str, Any],
    at: datetime | None = None,
    is_allowed: Callable[[], bool] = lambda: True,
) -> Appointment:
    """Make an appointment of a draft's hold, with the patient's `details` (fields of Appointment).

    The draft forgets its answers: they are in the appointment, to which it still leads. Done twice it is done once:
    the second time returns the same appointment. Raises TimeTakenError when the hold has gone. `is_allowed` counts, in
    this transaction, so that only what is booked is counted; TooManyError is raised when it says no. A time that is
    not offered any more is let go of, and the answers stay.
    """
    try:
        return _book_hold(draft, details, at or timezone.now(), is_allowed)
    except WithdrawnError:
        release(draft=draft)
        draft.appointment = None
        raise


@transaction.atomic
def _book_hold(draft: Draft, details: dict[str, Any], at: datetime, is_allowed: Callable[[], bool]) -> Appointment:
    wanted = FollowUp.objects.in_turn(draft.follow_up_id) if draft.follow_up_id else None
    held = _emptied(draft)
    if held is None:
        raise TimeTakenError(RUN_OUT)
    try:
        booked = _book(held, details, at=at, by=audit.PATIENT)
    except TimeTakenError:
        return _booked_before(held)
    if not is_allowed():
        raise TooManyError("You have booked as often as anybody can in a day.")
    if wanted is not None:
        wanted.update(appointment=booked)  # of none, when somebody else has booked it: this stands on its own
    return booked


def _emptied(draft: Draft) -> Appointment | None:
    """Lock a draft by emptying it. Returns what it holds: as the caller has read it, if it still holds that."""
    rows = Draft.objects.filter(pk=draft.pk)
    nothing = {"answers": {}, "details": {}, "condition": None, "follow_up": None}
    if draft.appointment_id and rows.filter(appointment=draft.appointment_id).update(**nothing):
        return draft.appointment
    rows.update(**nothing)
    changed = rows.select_related("appointment").first()
    return changed and changed.appointment


def _booked_before(held: Appointment) -> Appointment:
    """What a hold that is none any more has become: the second click finds what the first has booked."""
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
    """Book in one step on a patient's behalf. Raises TimeTakenError and UserFacingError as `hold` does."""
    now = at or timezone.now()
    check_bookable(slot, appointment_type, mode, now, by_staff=True)
    held = _claim(slot, appointment_type, mode, at=now)
    return _book(held, details | {"booked_by": "staff"}, at=now, by=by)


def _book(held: Appointment, details: dict[str, Any], *, at: datetime, by: AbstractBaseUser | str) -> Appointment:
    """A hold is nobody's but its writer's: what was read of it is what it is, apart from what is written here."""
    fields = details | {"status": Status.BOOKED, "held_until": None, "booked_at": at}
    by_staff = by != audit.PATIENT
    rows = Appointment.objects.filter(pk=held.pk, status=Status.HELD)
    if rows.still_offered(held.mode, at, by_staff=by_staff).update(**fields) != 1:
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
    """Move an appointment to another slot: one update of the row. By the patient, or by a member of staff.

    Raises TimeTakenError when the slot is not free, StaleError when the appointment has changed since it was read or
    is not the revision `seen`, and UserFacingError when it is over.
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
    """Cancel an appointment that is still coming. Its slot is free at once, and its links lead nowhere.

    Cancelled twice it is cancelled once. Raises StaleError when the appointment is not the revision `seen`, and
    UserFacingError when it has begun and when the patient has come.
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
    """The row while coming. No join and no subquery by key: PostgreSQL reads those as before a concurrent change."""
    ahead = Slot.objects.filter(pk=OuterRef("slot"), starts__gt=at)
    return Appointment.objects.filter(Exists(ahead), pk=appointment.pk, status__in=COMING)


def possible_marks(appointment: Appointment, at: datetime | None = None) -> list[Status]:
    """How an appointment can be marked at a moment, in the order of the day.

    Nobody has come before the day of the appointment in the clinic's zone, and nothing is over before it has begun.
    Where there is no e-mail address, none can be confirmed.
    """
    now, starts = at or timezone.now(), appointment.slot.starts
    marks = [Status.CONFIRMED] if appointment.email and appointment.status == Status.BOOKED else []
    if timezone.localdate(starts) <= timezone.localdate(now):
        marks += [Status.ARRIVED]
    if starts <= now:
        marks += [Status.COMPLETED, Status.MISSED]
    if appointment.status == Status.ARRIVED:
        marks += [Status.BOOKED]  # not arrived after all: `take_back_arrival`
    return [status for status in marks if status in NEXT[appointment.status]]


@transaction.atomic
def mark(*, appointment: Appointment, status: str, by: AbstractBaseUser | str, at: datetime | None = None) -> None:
    """Mark an appointment in one of its `possible_marks` other than BOOKED. `by` may be `audit.PATIENT`.

    Raises UserFacingError for another mark, and StaleError to confirm an e-mail address that was corrected since.
    """
    row = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    if status == Status.BOOKED or status not in possible_marks(row, at):
        raise UserFacingError("This appointment cannot be marked like this now. Look at where it stands.")
    if status == Status.CONFIRMED and row.email != appointment.email:
        raise StaleError(CHANGED)
    Appointment.objects.filter(pk=row.pk).update(status=status)
    appointment.refresh_from_db()
    action = Action.CONFIRMED if status == Status.CONFIRMED else Action.STATUS
    audit.record(action, appointment, by=by, detail=appointment.get_status_display())


@transaction.atomic
def take_back_arrival(*, appointment: Appointment, by: AbstractBaseUser) -> None:
    """Somebody is expected again who was marked as arrived by mistake: it stands as before, confirmed or not.

    Raises UserFacingError when they are not marked as arrived any more.
    """
    was_confirmed = AuditEntry.objects.filter(appointment=appointment, action=Action.CONFIRMED).exists()
    arrived = Appointment.objects.filter(pk=appointment.pk, status=Status.ARRIVED)
    if arrived.update(status=Status.CONFIRMED if was_confirmed else Status.BOOKED) != 1:
        raise StaleError(CHANGED)
    appointment.refresh_from_db()
    audit.record(Action.STATUS, appointment, by=by, detail="Not arrived after all")


def tell(appointment: Appointment, kind: Message.Kind, *, at: datetime) -> None:
    """Write the message about a change, and the reminders for the time as it is now. Each is written once."""
    about = {"appointment": appointment, "sequence": appointment.sequence, "created_at": at}
    messages = [Message(kind=kind, due_at=at, **about)]
    if appointment.is_coming(at):
        for before in REMINDERS:
            due = appointment.slot.starts - before
            if due > at:
                messages.append(Message(kind=Kind.REMINDER, days_before=before.days, due_at=due, **about))
    Message.objects.bulk_create(messages, ignore_conflicts=True)
