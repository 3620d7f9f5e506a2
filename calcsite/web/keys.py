"""Keys of rows, as addresses and forms name them: text that anybody can have typed."""

LONGEST = 18  # digits; with more, Python or a database may refuse to make a number of them


def key_in(text: str | None) -> int | None:
    """The key that a text names; None, which no row has, for what is none."""
    is_key = text and text.isascii() and text.isdecimal() and len(text) <= LONGEST
    return int(text) if is_key else None
