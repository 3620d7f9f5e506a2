"""The message that an opinion can be read."""

from appointments.access.message_kinds import is_reachable, new_link
from appointments.messages.definitions import MessageDefinition
from appointments.models import Message

MESSAGE_KINDS = [
    MessageDefinition(
        name=Message.Kind.OPINION,
        template="appointments/opinions/emails/opinion.html",
        is_true=is_reachable,
        secret=new_link,
    )
]
