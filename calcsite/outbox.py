"""The outbox: messages are rows, written with what they report, and sent from here by the worker.

A message leaves at least once. What a mail server has accepted is noted at once; a worker that dies between the two
leaves a message that is sent again, with the same Message-ID, by which a mailbox can know it.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from post_office import mail
from post_office.connections import connections
from post_office.models import STATUS, Attachment, Email, Log

from calcsite.security.logs import MASK, masked

LEASE = timedelta(minutes=10)  # longer than any mail server takes to answer
MOST = 100  # messages of one round: other work waits
LONGEST = timedelta(minutes=1)  # of one round, for the same reason, when the mail server takes its time
# Before the second attempt, the third, and so on. The last one is for all that follow.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 40, 60)]
ATTEMPTS = 28  # in all, for about a day
BEING_WRITTEN = timedelta(days=1)  # the age from which a file without a row is not just about to get one
SIX_FIGURES = re.compile(r"(?<!\d)\d{6}(?!\d)")
LONGEST_ANSWER = 1000  # characters; a whole message that comes back is not kept
SENT_NOT = "message %s of the outbox was not sent: %s"

logger = logging.getLogger(__name__)


class WithdrawnError(Exception):
    """A message is not to be sent any more."""


def send_waiting(finish: Callable[[Email], None] | None = None, *, longest: timedelta = LONGEST) -> int:
    """Send the messages that wait. Returns how many were tried.

    Each is tried by one worker, however many there are on however many machines: whoever moves its time is the one.
    When a worker dies in the middle, the message waits until the lease is over, and is sent then, perhaps again.

    `finish` may put into a message, in memory, what the database must not keep. When it fails, the message waits too.
    One of which it says that it is withdrawn (WithdrawnError) is never sent.
    While there is no mail server, nothing is tried, and no message has an attempt the less.
    """
    tried, until = 0, time.monotonic() + longest.total_seconds()
    try:
        for _ in range(MOST):
            email = next(iter(mail.get_queued()), None)
            if email is None or time.monotonic() > until or not _is_connected():
                break
            taken = Email.objects.filter(pk=email.pk, status=email.status, scheduled_time=email.scheduled_time)
            if taken.update(scheduled_time=timezone.now() + LEASE):
                tried += 1
                _send(email, finish)
    finally:
        _hang_up()
    return tried


def _is_connected() -> bool:
    """Whether there is a mail server; one connection is for all messages of a round, until one fails."""
    try:
        return connections["default"] is not None
    except (OSError, SMTPException) as error:
        logger.warning("the mail server cannot be reached, messages wait: %s", error)
        return False


def _hang_up() -> None:
    """Close the connection, of which nothing may be left for the next message, whatever the server does."""
    try:
        connections.close()
    except (OSError, SMTPException):
        connections.close()  # by now there is nothing left to say to the server


def _send(email: Email, finish: Callable[[Email], None] | None) -> None:
    """Send one message and note at once what became of it. No transaction is open meanwhile: a server may stall."""
    try:
        if finish is not None:
            finish(email)
        email.dispatch(commit=False, disconnect_after_delivery=False, connection=connections["default"])
    except WithdrawnError:
        Email.objects.filter(pk=email.pk).delete()
    except Exception as error:
        _hang_up()
        _failed(email, error)
    else:
        Email.objects.filter(pk=email.pk).update(status=STATUS.sent, last_updated=timezone.now())


@transaction.atomic
def _failed(email: Email, error: Exception) -> None:
    """Have a message tried again, later each time, unless that is no use."""
    kind, attempts, now = type(error).__name__, (email.number_of_retries or 0) + 1, timezone.now()
    # What a server says names the patient: it is kept beside the message, and not logged. A fault of ours is.
    is_ours = not isinstance(error, OSError | SMTPException)
    logger.log(logging.ERROR if is_ours else logging.WARNING, SENT_NOT, email.pk, kind, exc_info=is_ours)
    gives_up = attempts >= ATTEMPTS or is_refused(error)
    is_there = Email.objects.filter(pk=email.pk).update(
        status=STATUS.failed if gives_up else STATUS.requeued,
        number_of_retries=attempts,
        scheduled_time=now + WAITS[min(attempts, len(WAITS)) - 1],
        last_updated=now,
    )
    if is_there:  # and was not taken back while it was tried
        Log.objects.create(email=email, status=STATUS.failed, exception_type=kind, message=answer(error))


def answer(error: Exception) -> str:
    """What a server said, fit to be kept: some repeat a message, links and codes included. Six figures are a code."""
    return SIX_FIGURES.sub(MASK, masked(str(error)))[:LONGEST_ANSWER]


def is_refused(error: Exception) -> bool:
    """Whether a server has refused this message for good: with a reply of 500 or more (RFC 5321, 4.2.1).

    Such a reply to our greeting, our password or our own address is about our settings, which somebody can put right.
    """
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


def old(at: datetime) -> QuerySet[Email]:
    """The messages that have been kept long enough, sent or not."""
    return Email.objects.filter(created__lte=at - timedelta(days=settings.MAIL_KEPT_DAYS))


def attached_to_none_but(emails: QuerySet[Email]) -> QuerySet[Attachment]:
    """What is attached to nothing, or only to these messages."""
    others = Email.objects.exclude(pk__in=emails).filter(attachments=OuterRef("pk"))
    return Attachment.objects.filter(~Exists(others))


def delete_stray_files(at: datetime) -> int:
    """Delete attached files that no row names any more, or never did. Returns how many.

    A file cannot be part of a transaction: it is written before the commit, which may fail, and deleted after it.
    """
    storage = Attachment.file.field.storage
    kept = set(Attachment.objects.values_list("file", flat=True))
    stray = [
        name for name in _files(storage) if name not in kept and storage.get_modified_time(name) <= at - BEING_WRITTEN
    ]
    for name in stray:
        storage.delete(name)
    return len(stray)


def _files(storage: Storage, folder: str = "") -> Iterator[str]:
    """All files in a storage, by their names there."""
    folders, files = storage.listdir(folder) if storage.exists(folder) else ([], [])
    yield from (f"{folder}{name}" for name in files)
    for name in folders:
        yield from _files(storage, f"{folder}{name}/")
