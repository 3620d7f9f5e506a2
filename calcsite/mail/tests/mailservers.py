"""Mail servers for tests, as backends."""

from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused, SMTPServerDisconnected
from typing import Any

from django.core.mail.backends.locmem import EmailBackend

NOWHERE = "django.core.mail.backends.smtp.EmailBackend"
MEMORY = "django.core.mail.backends.locmem.EmailBackend"
PICKY = "calcsite.mail.tests.mailservers.Picky"
QUOTING = "calcsite.mail.tests.mailservers.Quoting"
ANSWERS = {
    "drops": SMTPServerDisconnected("Connection unexpectedly closed"),
    "busy": SMTPRecipientsRefused({"busy@clinic.example": (450, b"later")}),
    "unknown": SMTPRecipientsRefused({"unknown@clinic.example": (550, b"no such user")}),
    "spam": SMTPDataError(554, b"we do not want this"),
    "full": SMTPDataError(452, b"mailbox full"),
    "stranger": SMTPSenderRefused(530, b"sign in first", "site@clinic.example"),
    "poison": ValueError("a header that cannot be written"),
}


class Quoting(EmailBackend):
    """Refuses every message for good, and quotes it in the reply, as some filters do."""

    def send_messages(self, messages: list[Any]) -> int:
        raise SMTPDataError(554, b"looks like spam: " + messages[0].body.encode())


class Picky(EmailBackend):
    """Replies by the local part of the address: those in ANSWERS are refused, others are stored in memory."""

    def send_messages(self, messages: list[Any]) -> int:
        for message in messages:
            name = message.to[0].partition("@")[0]
            if name in ANSWERS:
                raise ANSWERS[name]
        return super().send_messages(messages)
