"""The kinds of message, as their subjects describe them to the queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from appointments.models import Message


class Attachment(NamedTuple):
    name: str
    content: bytes
    mimetype: str


def no_context(message: Message) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class MessageDefinition:
    """How messages of one kind are checked and rendered when they are sent.

    `is_true` tells whether a message is still true and of use; if not, it is dropped. `context` returns the template's
    context besides the appointment. `secret` makes the link or code, under the lock of the appointment's row, as
    further context. A message that is unsent at `expires_at` is reported to staff. `find_appointments` replaces a row
    without an appointment by one for each appointment that it is about.
    """

    name: str
    template: str
    is_true: Callable[[Message, datetime], bool]
    context: Callable[[Message], dict[str, Any]] = no_context
    secret: Callable[[Message], dict[str, str]] | None = None
    attachment: Callable[[Message, datetime], Attachment] | None = None
    expires_at: Callable[[Message], datetime] | None = None
    find_appointments: Callable[[Message, datetime], None] | None = None
