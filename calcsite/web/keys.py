"""Primary keys from addresses and forms: text from outside."""

MAX_DIGITS = 18  # of a signed 64-bit integer, the largest key of a database


def key_in(text: str | None) -> int | None:
    """The primary key in a text; None, which no row has, if it is none."""
    is_key = text and text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
    return int(text) if is_key else None
