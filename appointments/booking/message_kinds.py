"""The messages about a booking: confirmations, moves, cancellations, reminders, and offers of earlier times."""

from datetime import datetime
from functools import partial
from typing import Any

from appointments.access.message_kinds import new_link
from appointments.booking import booking
from appointments.booking.calendar_file import calendar_file
from appointments.choices import COMING
from appointments.messages.definitions import Attachment, MessageDefinition
from appointments.models import Message, Offer
from appointments.scheduling.local_times import one_line, reading, readings, zone_of

Kind = Message.Kind


def is_current(message: Message, at: datetime) -> bool:
    """Whether the appointment is coming and has not changed since. A later change has a message of its own."""
    return message.is_about(message.appointment) and message.appointment.is_coming(at)


def is_cancelled(message: Message, at: datetime) -> bool:
    return True  # nothing follows a cancellation


def is_next_reminder(message: Message, at: datetime) -> bool:
    """Whether the appointment stands as it was, and no later reminder is due already."""
    ahead = message.appointment.slot.starts - at
    is_overtaken = any(before.days < message.days_before and ahead <= before for before in booking.REMINDERS)
    return message.is_about(message.appointment) and message.appointment.status in COMING and not is_overtaken


def is_offer_open(message: Message, at: datetime) -> bool:
    return message.appointment.is_coming(at) and Offer.objects.open(at).filter(pk=message.offer_id).exists()


def start_of_appointment(message: Message) -> datetime:
    return message.appointment.slot.starts


def offered_time(message: Message) -> dict[str, Any]:
    """The other time that an offer is about, and until when it can be answered."""
    offer = Offer.objects.select_related("slot__clinician", "entry").get(pk=message.offer_id)
    offered = {
        "readings": readings(message.appointment, slot=offer.slot),
        "clinician": one_line(offer.slot.clinician.name),
        "until": reading(offer.expires_at, offer.expires_at, zone_of(message.appointment)),
        "is_the_last": offer.entry.is_at_the_last,
    }
    return {"offered": offered}


def attached_event(message: Message, at: datetime, *, method: str) -> Attachment:
    """The appointment for the patient's calendar (RFC 5546): REQUEST puts it there or moves it, CANCEL removes it."""
    content = calendar_file(message.appointment, method=method, at=at)
    return Attachment("appointment.ics", content, f"text/calendar; method={method}")


MESSAGE_KINDS = [
    MessageDefinition(
        name=Kind.CONFIRMATION,
        template="appointments/booking/emails/confirmation.html",
        is_true=is_current,
        secret=new_link,
        attachment=partial(attached_event, method="REQUEST"),
    ),
    MessageDefinition(
        name=Kind.CHANGE,
        template="appointments/booking/emails/change.html",
        is_true=is_current,
        secret=new_link,
        attachment=partial(attached_event, method="REQUEST"),
    ),
    MessageDefinition(
        name=Kind.CANCELLATION,
        template="appointments/booking/emails/cancellation.html",
        is_true=is_cancelled,
        attachment=partial(attached_event, method="CANCEL"),
    ),
    MessageDefinition(
        name=Kind.REMINDER,
        template="appointments/booking/emails/reminder.html",
        is_true=is_next_reminder,
        secret=new_link,
        expires_at=start_of_appointment,
    ),
    MessageDefinition(
        name=Kind.OFFER,
        template="appointments/booking/emails/offer.html",
        is_true=is_offer_open,
        context=offered_time,
        secret=new_link,
    ),
]
