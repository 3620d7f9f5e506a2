"""The reminder of open tasks on a patient's list."""

from datetime import datetime

from appointments.access.message_kinds import new_link
from appointments.messages.definitions import MessageDefinition
from appointments.models import Message
from appointments.preparation import readiness


def is_list_open(message: Message, at: datetime) -> bool:
    return readiness.is_open(message.appointment, at)


MESSAGE_KINDS = [
    MessageDefinition(
        name=Message.Kind.NUDGE,
        template="appointments/preparation/emails/nudge.html",
        is_true=is_list_open,
        secret=new_link,
    )
]
