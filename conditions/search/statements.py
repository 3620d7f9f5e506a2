"""The parts that the search modules of both databases share."""

from enum import IntEnum

Statement = tuple[str, list]  # SQL, and its parameters

START, END = "\x02", "\x03"  # control characters: no indexed text holds one


class Part(IntEnum):
    """The part of a document in which words were found; the lower, the more relevant."""

    NAMES = 1
    QUESTION = 2
    SUMMARY = 3
    WHOLE = 4


# The sort keys of candidates, after the part in which they were found and their rank.
SIZE = "length(name || question) AS size"
IS_QUESTION = "CASE WHEN question <> '' THEN 1 ELSE 0 END AS is_question"
