"""Log format: one line for each event, without secrets.

Some addresses grant access by themselves, and Django logs the address of every refused or failed request. So the
formatter masks the final text of every record, tracebacks included.
"""

import logging
import re

MASK = "[masked]"
# After these path segments comes a secret: of an appointment, a calendar feed, a preview, an answer, an account.
# Our own segments after them are shorter. Slashes may be doubled, reversed or percent-encoded by other programs.
SLASH = r"(?:[/\\]|%(?:25)*(?:2f|5c))"
SECRET_IN_PATH = re.compile(
    rf"({SLASH}(?:appointment|calendar|preview|helpful|key){SLASH}(?:{SLASH}|\.|%(?:25)*2e)*)[^/\s?#&\"'<>]{{16,}}",
    re.IGNORECASE,
)
# Anywhere else: 32 bytes as `secrets.token_urlsafe` encodes them.
TOKEN = re.compile(r"(?:(?<![\w-])|(?<=%[\da-fA-F]{2})|(?<=%25[\da-fA-F]{2}))[\w-]{43}(?![\w-])", re.ASCII)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def masked(text: str) -> str:
    """`text` with its secrets masked (ASVS 5.0, 14.2.1 and 16.2.5)."""
    return TOKEN.sub(MASK, SECRET_IN_PATH.sub(rf"\1{MASK}", text))


def one_line(text: str) -> str:
    """`text` with control characters escaped, against forged log lines (16.4.1)."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class MaskingFormatter(logging.Formatter):
    """The formatter of every handler. Only tracebacks have more than one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))
