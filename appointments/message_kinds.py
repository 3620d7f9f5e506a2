"""Every kind of message, for the worker."""

from appointments.access import message_kinds as access
from appointments.booking import message_kinds as booking
from appointments.messages import queue
from appointments.opinions import message_kinds as opinions
from appointments.preparation import message_kinds as preparation
from appointments.recovery import message_kinds as recovery

KINDS = {
    kind.name: kind for subject in (access, booking, preparation, opinions, recovery) for kind in subject.MESSAGE_KINDS
}


def send_waiting() -> int:
    """Send the messages to patients that are due. Returns how many were attempted."""
    return queue.send_waiting(KINDS)
