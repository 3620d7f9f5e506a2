"""The outbox: messages are rows, written with what they report, and sent from here by the worker."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from post_office import mail
from post_office.models import Email

LEASE = timedelta(minutes=10)  # longer than any mail server takes to answer
MOST = 100  # messages of one round: other work waits

logger = logging.getLogger(__name__)


def send_waiting(finish: Callable[[Email], None] | None = None) -> int:
    """Send the messages that wait. Returns how many were tried.

    Each is tried by one worker, however many there are on however many machines: whoever moves its time is the one.
    When a worker dies in the middle, the message waits until the lease is over, and is sent then, perhaps again.

    `finish` may put into a message, in memory, what the database must not keep. When it fails, the message waits too.
    """
    tried = 0
    for _ in range(MOST):
        email = next(iter(mail.get_queued()), None)
        if email is None:
            break
        taken = Email.objects.filter(pk=email.pk, status=email.status, scheduled_time=email.scheduled_time)
        if taken.update(scheduled_time=timezone.now() + LEASE):
            tried += 1
            if finish is None or _finished(email, finish):
                # The library's own loop picks messages without taking them, under a lock of one machine.
                mail._send_bulk([email], uses_multiprocessing=False)
    return tried


def _finished(email: Email, finish: Callable[[Email], None]) -> bool:
    try:
        finish(email)
    except Exception:
        logger.exception("message %s of the outbox could not be finished", email.pk)
        return False
    return True
