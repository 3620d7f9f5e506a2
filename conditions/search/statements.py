"""What the two databases' search modules have in common."""

from enum import IntEnum

Statement = tuple[str, list]  # SQL, and its parameters

START, END = "\x02", "\x03"  # control characters: no indexed text holds one


class Part(IntEnum):
    """Where in a document words were found; the lower, the more they say about it."""

    NAMES = 1
    QUESTION = 2
    SUMMARY = 3
    WHOLE = 4


# What candidates are sorted by, beside the part they were found in and their worth.
SIZE = "length(name || question) AS size"
IS_QUESTION = "CASE WHEN question <> '' THEN 1 ELSE 0 END AS is_question"
