"""The message that a recovery plan can be read."""

from datetime import datetime

from appointments.access.message_kinds import new_link
from appointments.messages.definitions import MessageDefinition
from appointments.models import Message, RecoveryPlan


def is_plan_in_use(message: Message, at: datetime) -> bool:
    is_running = RecoveryPlan.objects.filter(pk=message.plan_id, ended_at=None).exists()
    return is_running and message.appointment.is_reachable(at)


MESSAGE_KINDS = [
    MessageDefinition(
        name=Message.Kind.RECOVERY,
        template="appointments/recovery/emails/recovery.html",
        is_true=is_plan_in_use,
        secret=new_link,
    )
]
