"""The waiting list: patients who would take an earlier time, and the freed times that they are offered.

A freed slot is offered to one patient for four hours. It can be booked by others meanwhile: the first booking has it.
Slots that were free when a patient joined are not offered: the patient saw them and chose another one. Offers end
after `IGNORED_MOST` without an answer.
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
MIN_TIME_TO_ANSWER = timedelta(minutes=30)  # a slot that is nearer is not offered
MAX_READS = 3  # of the free times while they change
MAX_EARLIER_TIMES = 100  # free now: with more there is nothing to wait for
MAX_CANDIDATES = 200  # free slots that one round reads for one `OfferKey`
OVER = "This offer is over. You keep the time that you have."

OfferKey = tuple[int, str, int | None]  # the keys of a type and a clinician, and the mode between them


def join(*, appointment: Appointment, same_clinician: bool = False, at: datetime | None = None) -> WaitingEntry:
    """Put a patient on the list, at its end. Raises UserFacingError when there is nothing to wait for.

    PostgreSQL notices at the end of a transaction that a slot was deleted meanwhile: then the free times are read
    again. Locking them first would keep others from taking them.
    """
    for _ in range(MAX_READS):
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
    earlier = free_for(entry, now).filter(starts__lt=appointment.slot.starts)[: MAX_EARLIER_TIMES + 1]
    if len(earlier) > MAX_EARLIER_TIMES:
        raise UserFacingError("Many earlier times are free. Choose one of them now.")
    # In the order in which `slot_sync` locks them, so that the two do not wait for each other.
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
    """The free slots that suit an entry, with time to answer, the earliest first."""
    appointment_type, mode = entry.appointment.appointment_type, entry.appointment.mode
    since, until = appointment_type.window(at)
    slots = Slot.objects.offered(appointment_type, mode, at).between(since + MIN_TIME_TO_ANSWER, until)
    slots = slots.select_related("clinician").order_by("starts", "pk")
    return slots.filter(clinician=entry.clinician_id) if entry.clinician_id else slots


def open_offers(appointment: Appointment | None = None) -> QuerySet[Offer]:
    """Offers that are neither answered nor ended."""
    offers = Offer.objects.filter(answered_at=None).select_related("entry__appointment__slot", "slot__clinician")
    return offers.filter(entry__appointment=appointment) if appointment else offers


def offer_to(appointment: Appointment, at: datetime | None = None) -> Offer | None:
    """The open offer of an appointment, if there is one."""
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
    """End the offers that are over, and offer free slots to the longest-waiting entries. Returns how many."""
    now = at or timezone.now()
    end_offers(now)
    busy = {(offer.entry_id, offer.slot_id) for offer in open_offers()}
    entries_with, slots_with = {entry for entry, _ in busy}, {slot for _, slot in busy}
    entries = [entry for entry in waiting(now) if entry.pk not in entries_with]
    had = offered_to(entries)
    free: dict[OfferKey, list[Slot]] = {}
    made = 0
    for entry in entries:
        key = (entry.appointment.appointment_type_id, entry.appointment.mode, entry.clinician_id)
        if key not in free:
            free[key] = list(free_for(entry, now)[:MAX_CANDIDATES])
        passed = had[entry.pk] | slots_with
        slot = next((slot for slot in free[key] if slot.pk not in passed), None)
        if slot and slot.starts < entry.appointment.slot.starts and _offer(entry, slot, now):
            slots_with.add(slot.pk)
            made += 1
    return made


def waiting(at: datetime) -> QuerySet[WaitingEntry]:
    """The entries that still wait, the longest wait first."""
    entries = WaitingEntry.objects.filter(ended_at=None, appointment__status__in=COMING)
    entries = entries.filter(appointment__slot__starts__gt=at).order_by("since", "pk")
    return entries.select_related("appointment__slot", "appointment__appointment_type")


def offered_to(entries: list[WaitingEntry]) -> defaultdict[int, set[int]]:
    """The slots that each entry has been offered before: a slot is offered to an entry once."""
    had: defaultdict[int, set[int]] = defaultdict(set)
    for entry, slot in Offer.objects.filter(entry__in=entries).values_list("entry", "slot"):
        had[entry].add(slot)
    return had


def end_offers(at: datetime) -> None:
    """End offers of taken slots, offers to entries that have ended or moved earlier, and offers out of time."""
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
    """End an offer whose time is over, and its entry after `IGNORED_MOST` of them in a row.

    Only an offer whose e-mail left in time to be answered counts: a mail server may have been down. The entry is
    locked before the offer, as in `leave`.
    """
    entry = WaitingEntry.objects.select_for_update(no_key=True).filter(pk=offer.entry_id).first()
    if entry is None or Offer.objects.filter(pk=offer.pk, answered_at=None).update(answered_at=at) != 1:
        return
    told = Message.objects.filter(offer=offer, sent_at__lte=offer.expires_at - MIN_TIME_TO_ANSWER)
    if entry.ended_at is None and told.exists():
        entry.ignored += 1
        entry.ended_at = at if entry.ignored >= IGNORED_MOST else None
        entry.save(update_fields=["ignored", "ended_at"])


def _offer(entry: WaitingEntry, slot: Slot, at: datetime) -> bool:
    """Offer a slot. False if another worker did: constraints allow one open offer of a slot, and to an entry.

    The entry is locked, so that no offer is made after it has ended. The slot can be booked meanwhile; if it was
    deleted meanwhile, PostgreSQL raises IntegrityError at the end of the transaction.
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
    """Move the patient to the offered slot, and take them off the list.

    Raises UserFacingError if the offer is over, and the errors of `booking.reschedule` if the slot was taken. The slot
    is locked first, as in `slot_sync`, which deletes slots with their offers, and the entry is written before the
    offer, as in `leave`: so no two transactions wait for each other.
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
