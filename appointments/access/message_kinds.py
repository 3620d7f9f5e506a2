"""The messages that let a patient in, and the words of staff, which bring a link."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse

from appointments.access import links
from appointments.messages.definitions import MessageDefinition
from appointments.models import Appointment, Message

Kind = Message.Kind


def new_link(message: Message, *, alone: bool = False) -> dict[str, str]:
    """A new link to the appointment, for the template. With `alone`, the links before it end."""
    token = links.make_link(message.appointment, alone=alone)
    return {"link": settings.SITE_URL + reverse("patient:arrive", args=[token])}


def new_only_link(message: Message) -> dict[str, str]:
    return new_link(message, alone=True)


def new_code(message: Message) -> dict[str, str]:
    return {"code": links.make_code(message.appointment)}


def link_unless_over(message: Message) -> dict[str, str]:
    """A link, for the words of staff, while the patient is expected."""
    return new_link(message) if message.appointment.is_coming() else {}


def is_reachable(message: Message, at: datetime) -> bool:
    return message.appointment.is_reachable(at)


def is_code_awaited(message: Message, at: datetime) -> bool:
    return message.appointment.is_reachable(at) and at < message.created_at + links.CODE_AWAITED


def is_always_true(message: Message, at: datetime) -> bool:
    return True


def find_appointments(message: Message, at: datetime) -> None:
    """Turn “send me my link again” into a message for each appointment of the address."""
    for appointment in Appointment.objects.reachable(at).of_address(message.text):
        Message.objects.create(appointment=appointment, kind=Kind.LINK, due_at=at, created_at=at)


MESSAGE_KINDS = [
    MessageDefinition(
        name=Kind.LINK,
        template="appointments/access/emails/link.html",
        is_true=is_reachable,
        secret=new_only_link,
        find_appointments=find_appointments,
    ),
    MessageDefinition(
        name=Kind.CODE,
        template="appointments/access/emails/code.html",
        is_true=is_code_awaited,
        secret=new_code,
    ),
    MessageDefinition(
        name=Kind.STAFF,
        template="appointments/access/emails/staff.html",
        is_true=is_always_true,
        secret=link_unless_over,
    ),
]
