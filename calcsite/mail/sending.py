"""How mail leaves: lease a row, compose the e-mail in memory, send it, write the outcome.

An e-mail leaves at least once. A worker that dies between the server's answer and the outcome leaves a row that is
sent again after the lease, with the same Message-ID, by which a mailbox recognises it.
"""

import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet
from django.utils import timezone

from calcsite.models import Delivery, DeliveryQuerySet, DeliveryStatus, StaffMail
from calcsite.security.logs import MASK, masked

ROUND_MESSAGES = 100  # other work waits meanwhile
ROUND_TIME = timedelta(minutes=1)  # for the same reason, when the mail server is slow
# Before the second attempt, the third, and so on. The last one is for all that follow.
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 40, 60)]
ATTEMPTS = 28  # in all, for about a day
SIX_FIGURES = re.compile(r"(?<!\d)\d{6}(?!\d)")
ERROR_CHARACTERS = 1000  # a whole message that comes back is not kept
NOT_SENT = "%s %s was not sent: %s"

logger = logging.getLogger(__name__)

Compose = Callable[[Delivery], EmailMessage | None]


class MailServer:
    """One connection for the e-mails of a round, and a new one after a failure."""

    def __init__(self) -> None:
        self.connection: BaseEmailBackend | None = None

    def is_reachable(self) -> bool:
        if self.connection is None:
            connection = get_connection(settings.MAIL_SERVER_BACKEND)
            try:
                connection.open()
            except (OSError, SMTPException) as error:
                logger.warning("the mail server cannot be reached, messages wait: %s", error)
                return False
            self.connection = connection
        return True

    def send(self, email: EmailMessage) -> None:
        self.connection.send_messages([email])

    def hang_up(self) -> None:
        """Close the connection, so that the next e-mail finds nothing left of this one."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with suppress(OSError, SMTPException):
                connection.close()


def send_waiting(rows: DeliveryQuerySet, compose: Compose, *, longest: timedelta = ROUND_TIME) -> int:
    """Send the e-mails that are due. Returns how many were attempted.

    Each is attempted by one worker, however many there are on however many machines. `compose` makes the e-mail of a
    leased row in memory; it returns None when there is nothing to send, and has then written the row's final state.
    When it raises, or the server does, the row waits for its next attempt and the others are sent.
    While there is no mail server, nothing is leased and no attempt is counted.
    """
    attempted, until, server = 0, time.monotonic() + longest.total_seconds(), MailServer()
    try:
        for _ in range(ROUND_MESSAGES):
            row = rows.due().first()
            if row is None or time.monotonic() > until or not server.is_reachable():
                break
            if row.claim():
                attempted += 1
                _attempt(row, compose, server)
    finally:
        server.hang_up()
    return attempted


def _attempt(row: Delivery, compose: Compose, server: MailServer) -> None:
    """Send one e-mail and write the outcome at once. No transaction is open while the server answers: it may stall."""
    try:
        email = compose(row)
        if email is None:
            return
        server.send(email)
    except Exception as error:
        server.hang_up()
        write_failure(row, error)
    else:
        row.finish(DeliveryStatus.SENT, sent_at=timezone.now())


def write_failure(row: Delivery, error: Exception) -> None:
    """Schedule the next attempt, later each time. Final are a refusal, and a server that has failed for a day.

    An error of our own is attempted again without an end: the e-mail leaves once the fault is mended. Nothing is
    written if the lease has ended meanwhile.
    """
    name, attempts, now = type(error).__name__, row.attempts + 1, timezone.now()
    # A server's answer names the patient: it is kept in the row and not logged. An error of our own is.
    is_ours = not isinstance(error, OSError | SMTPException)
    level = logging.ERROR if is_ours else logging.WARNING
    logger.log(level, NOT_SENT, row._meta.verbose_name, row.pk, name, exc_info=is_ours)
    is_final = is_refused(error) or (attempts >= ATTEMPTS and not is_ours)
    row.leased().update(
        status=DeliveryStatus.REFUSED if is_final else DeliveryStatus.WAITING,
        leased_until=None,
        next_attempt_at=now + WAITS[min(attempts, len(WAITS)) - 1],
        attempts=attempts,
        last_error=f"{name}: {without_secrets(error)}",
    )


def without_secrets(error: Exception) -> str:
    """A server's answer, fit to be kept: some repeat a message, links and codes included. Six figures are a code."""
    return SIX_FIGURES.sub(MASK, masked(str(error)))[:ERROR_CHARACTERS]


def is_refused(error: Exception) -> bool:
    """Whether a server has refused this e-mail for good: with a reply of 500 or more (RFC 5321, 4.2.1).

    Such a reply to our greeting, our password or our own address is about our settings, which can be put right.
    """
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


def send_staff_mail() -> int:
    """Send the e-mails to staff that are due. Returns how many were attempted."""
    return send_waiting(StaffMail.objects.all(), compose_staff_mail)


def compose_staff_mail(mail: StaffMail) -> EmailMultiAlternatives:
    headers = mail.headers | {"Message-ID": mail.message_id}
    email = EmailMultiAlternatives(mail.subject, mail.text, mail.sender or None, [mail.to], headers=headers)
    if mail.html:
        email.attach_alternative(mail.html, "text/html")
    return email


def old_staff_mail(at: datetime) -> QuerySet[StaffMail]:
    """E-mails to staff that have been kept for MAIL_KEPT_DAYS, sent or not."""
    return StaffMail.objects.filter(created_at__lte=at - timedelta(days=settings.MAIL_KEPT_DAYS))
