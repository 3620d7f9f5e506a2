"""The waiting list: people who would take an earlier time, and the freed times that they are offered.

One freed time is offered to one person, who has four hours. It stays open to everybody meanwhile: who books it first
has it. Nobody is offered what was free when they joined: they saw those times and chose another one. Who does not
answer is asked a few times, and then no more.
"""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import COMING
from appointments.models import Appointment, Message, Offer, Slot, WaitingEntry
from appointments.models.waiting import IGNORED_MOST
from calcsite.errors import UserFacingError

ANSWER_WITHIN = timedelta(hours=4)
SHORTEST = timedelta(minutes=30)  # to answer: a time that is nearer is not offered
TRIES = 3  # at reading the free times while they change
MANY = 100  # earlier times that are free now: with so many there is nothing to wait for
CANDIDATES = 200  # free times that one round looks at, of one kind, mode and clinician
OVER = "This offer is over. You keep the time that you have."

Taste = tuple[int, str, int | None]  # kind, mode and clinician


def join(*, appointment: Appointment, same_clinician: bool = False, at: datetime | None = None) -> WaitingEntry:
    """Put a patient on the list, at its end. Raises UserFacingError when there is nothing to wait for.

    PostgreSQL notices at the end of a transaction that a slot was deleted meanwhile: then the free times are read
    again. Locking them first would keep others from taking them.
    """
    for _ in range(TRIES):
        try:
            return _join(appointment, same_clinician, at or timezone.now())
        except IntegrityError:
            continue
    raise UserFacingError("The free times are just being changed. Try again in a minute.")


@transaction.atomic
def _join(appointment: Appointment, same_clinician: bool, now: datetime) -> WaitingEntry:
    if not Appointment.objects.coming(now).filter(pk=appointment.pk).exists():
        raise UserFacingError("This appointment is over, or was cancelled.")
    clinician = appointment.slot.clinician if same_clinician else None
    fields = {"clinician": clinician, "since": now, "ended_at": None, "ignored": 0}
    entry = WaitingEntry.objects.update_or_create(appointment=appointment, defaults=fields)[0]
    earlier = free_for(entry, now).filter(starts__lt=appointment.slot.starts)[: MANY + 1]
    if len(earlier) > MANY:
        raise UserFacingError("Many earlier times are free. Choose one of them now.")
    # In the order in which `aligning` locks them: so the two do not wait for each other.
    passed_over = [
        Offer(entry=entry, slot=slot, made_at=now, expires_at=now, answered_at=now, accepted=False)
        for slot in sorted(earlier, key=lambda slot: slot.pk)
    ]
    Offer.objects.bulk_create(passed_over, ignore_conflicts=True)
    return entry


@transaction.atomic
def leave(*, appointment: Appointment, at: datetime | None = None) -> None:
    """Take a patient off the list; an offer that they have goes to the next. Done twice it is done once."""
    now = at or timezone.now()
    WaitingEntry.objects.filter(appointment=appointment, ended_at=None).update(ended_at=now)
    open_offers(appointment).update(answered_at=now, accepted=False)


def free_for(entry: WaitingEntry, at: datetime) -> QuerySet[Slot]:
    """The free times that somebody would take and can, with time to answer, the earliest first."""
    appointment_type, mode = entry.appointment.appointment_type, entry.appointment.mode
    since, until = appointment_type.window(at)
    slots = Slot.objects.offered(appointment_type, mode, at).between(since + SHORTEST, until)
    slots = slots.select_related("clinician").order_by("starts", "pk")
    return slots.filter(clinician=entry.clinician_id) if entry.clinician_id else slots


def open_offers(appointment: Appointment | None = None) -> QuerySet[Offer]:
    """Offers that nobody has answered or ended."""
    offers = Offer.objects.filter(answered_at=None).select_related("entry__appointment__slot", "slot__clinician")
    return offers.filter(entry__appointment=appointment) if appointment else offers


def offer_to(appointment: Appointment, at: datetime | None = None) -> Offer | None:
    """The earlier time that somebody can take now, if there is one."""
    return open_offers(appointment).open(at).first()


def was_answered(appointment: Appointment, key: int | None, *, accepted: bool) -> bool:
    """Whether a patient has given this answer to an offer before; a time that was taken is still theirs."""
    answered = Offer.objects.filter(entry__appointment=appointment, pk=key, accepted=accepted)
    return (answered.filter(slot=F("entry__appointment__slot")) if accepted else answered).exists()


def has_taken_one(appointment: Appointment) -> bool:
    """Whether the time of an appointment is one that its patient was offered, and took, and they wait for no other."""
    taken = Offer.objects.filter(entry__appointment=appointment, accepted=True, slot=appointment.slot_id)
    return taken.exclude(entry__ended_at=None).exists()


def offer_freed(at: datetime | None = None) -> int:
    """End the offers that are over, and offer what is free to who has waited longest. Returns how many were made."""
    now = at or timezone.now()
    end_offers(now)
    busy = {(offer.entry_id, offer.slot_id) for offer in open_offers()}
    entries_with, slots_with = {entry for entry, _ in busy}, {slot for _, slot in busy}
    entries = [entry for entry in waiting(now) if entry.pk not in entries_with]
    had = offered_to(entries)
    free: dict[Taste, list[Slot]] = {}
    made = 0
    for entry in entries:
        taste = (entry.appointment.appointment_type_id, entry.appointment.mode, entry.clinician_id)
        if taste not in free:
            free[taste] = list(free_for(entry, now)[:CANDIDATES])
        passed = had[entry.pk] | slots_with
        slot = next((slot for slot in free[taste] if slot.pk not in passed), None)
        if slot and slot.starts < entry.appointment.slot.starts and _offer(entry, slot, now):
            slots_with.add(slot.pk)
            made += 1
    return made


def waiting(at: datetime) -> QuerySet[WaitingEntry]:
    """Who waits, the longest first."""
    entries = WaitingEntry.objects.filter(ended_at=None, appointment__status__in=COMING)
    entries = entries.filter(appointment__slot__starts__gt=at).order_by("since", "pk")
    return entries.select_related("appointment__slot", "appointment__appointment_type")


def offered_to(entries: list[WaitingEntry]) -> defaultdict[int, set[int]]:
    """The slots that each has been offered before, whatever they said: nobody is asked twice."""
    had: defaultdict[int, set[int]] = defaultdict(set)
    for entry, slot in Offer.objects.filter(entry__in=entries).values_list("entry", "slot"):
        had[entry].add(slot)
    return had


def end_offers(at: datetime) -> None:
    """End offers whose slot somebody has taken, whose patient needs it no more, or whose time is over."""
    offers = list(open_offers())
    free = set(Slot.objects.free(at).filter(pk__in=[offer.slot_id for offer in offers]).values_list("pk", flat=True))
    useless = {
        offer.pk
        for offer in offers
        if offer.slot_id not in free
        or offer.entry.ended_at
        or not offer.entry.appointment.is_coming(at)
        or offer.slot.starts >= offer.entry.appointment.slot.starts
    }
    Offer.objects.filter(pk__in=useless, answered_at=None).update(answered_at=at)
    for offer in offers:
        if offer.pk not in useless and offer.expires_at <= at:
            _end_unanswered(offer, at)


@transaction.atomic
def _end_unanswered(offer: Offer, at: datetime) -> None:
    """End an offer whose time is over. Who has let `IGNORED_MOST` pass by in a row is asked no more.

    Only what left in time to be answered counts: a mail server that was down is nobody's silence. Entry before offer,
    as in `leave`.
    """
    entry = WaitingEntry.objects.select_for_update(no_key=True).filter(pk=offer.entry_id).first()
    if entry is None or Offer.objects.filter(pk=offer.pk, answered_at=None).update(answered_at=at) != 1:
        return
    told = Message.objects.filter(offer=offer, sent_at__lte=offer.expires_at - SHORTEST)
    if entry.ended_at is None and told.exists():
        entry.ignored += 1
        entry.ended_at = at if entry.ignored >= IGNORED_MOST else None
        entry.save(update_fields=["ignored", "ended_at"])


def _offer(entry: WaitingEntry, slot: Slot, at: datetime) -> bool:
    """Whether this worker was the one to offer the slot: constraints let it, and a person, be in one open offer.

    The entry is locked, so that nobody is offered a time after they have left. Nobody is kept from booking the slot;
    one that was deleted meanwhile is not offered, which PostgreSQL says at the end of the transaction.
    """
    notice = timedelta(hours=entry.appointment.appointment_type.notice_hours)
    expires = min(at + ANSWER_WITHIN, slot.starts - notice)
    try:
        with transaction.atomic():
            if WaitingEntry.objects.select_for_update(no_key=True).get(pk=entry.pk).ended_at:
                return False
            offer = Offer.objects.create(entry=entry, slot=slot, made_at=at, expires_at=expires)
            fields = {"appointment_id": entry.appointment_id, "due_at": at, "created_at": at}
            Message.objects.create(kind=Message.Kind.OFFER, offer=offer, **fields)
    except IntegrityError:
        return False
    return True


@transaction.atomic
def accept(*, offer: Offer, at: datetime | None = None) -> Appointment:
    """Move the patient to the time that they were offered, and take them off the list.

    Raises UserFacingError when the offer is over, and what `booking.reschedule` raises when somebody was faster. The
    slot is locked first, as where slots are deleted with their offers (`aligning`), and the entry is written before
    the offer, as in `leave`: so no two wait for each other.
    """
    now = at or timezone.now()
    list(Slot.objects.select_for_update(no_key=True).filter(pk=offer.slot_id).values_list("pk"))
    WaitingEntry.objects.filter(pk=offer.entry_id).update(ended_at=now)
    _answer(offer, accepted=True, at=now)
    appointment = offer.entry.appointment
    return booking.reschedule(appointment=appointment, slot=offer.slot, at=now)


@transaction.atomic
def decline(*, offer: Offer, at: datetime | None = None) -> None:
    """Say no to a time. The patient stays on the list. Raises UserFacingError when the offer is over."""
    WaitingEntry.objects.filter(pk=offer.entry_id).update(ignored=0)
    _answer(offer, accepted=False, at=at or timezone.now())


def _answer(offer: Offer, *, accepted: bool, at: datetime) -> None:
    if Offer.objects.open(at).filter(pk=offer.pk).update(answered_at=at, accepted=accepted) != 1:
        raise UserFacingError(OVER)
