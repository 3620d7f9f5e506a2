"""What may be logged: one line an event, and no secret in it.

Some addresses open something by themselves, and Django logs the address of everything that it refuses or that fails.
So whatever a handler writes is masked last, tracebacks included: nobody has to think of it where they log.
"""

import logging
import re

MASK = "[masked]"
# What follows these words in an address opens something: an appointment, a clinician's calendar, a page that is not
# public yet, an answer, an account. The words of our own that can follow them are shorter. What has been through other
# hands has slashes doubled, turned round or written as numbers, and still tells the secret.
SLASH = r"(?:[/\\]|%(?:25)*(?:2f|5c))"
AFTER = re.compile(
    rf"({SLASH}(?:appointment|calendar|preview|helpful|key){SLASH}(?:{SLASH}|\.|%(?:25)*2e)*)[^/\s?#&\"'<>]{{16,}}",
    re.IGNORECASE,
)
# Anywhere else: what `secrets.token_urlsafe` makes of 32 bytes.
ALONE = re.compile(r"(?:(?<![\w-])|(?<=%[\da-fA-F]{2})|(?<=%25[\da-fA-F]{2}))[\w-]{43}(?![\w-])", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def masked(text: str) -> str:
    """`text` without what opens something (ASVS 5.0, 14.2.1 and 16.2.5)."""
    return ALONE.sub(MASK, AFTER.sub(rf"\1{MASK}", text))


def one_line(text: str) -> str:
    """`text` with its control characters written out, so that nobody can add a line of their own (16.4.1)."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class DiscreetFormatter(logging.Formatter):
    """For every handler there is. Only tracebacks, which are ours, have more than one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
