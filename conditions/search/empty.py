"""Searches that found nothing: counted anonymously, so that staff can see the gaps of the content."""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

import logging
from datetime import date, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from conditions.models import EmptySearch
from conditions.search.words import all_words, fold

MAX_CHARACTERS = 60
MAX_WORDS = 6
MAX_DIGITS = 4  # a telephone number, a date of birth or a patient's number has more
MAX_ROWS = 5000  # different searches that are kept; beyond them only known ones are counted
RETENTION = timedelta(days=180)

# A search that is made again after it was handled is open again: the answer did not help.
COUNT = f"""
    INSERT INTO conditions_emptysearch (query, count, first_on, last_on)
    SELECT %s, 1, %s, %s WHERE EXISTS (SELECT 1 FROM conditions_emptysearch WHERE query = %s)
        OR (SELECT count(*) FROM conditions_emptysearch) < {MAX_ROWS}
    ON CONFLICT (query) DO UPDATE SET count = conditions_emptysearch.count + 1, last_on = excluded.last_on,
        handled_on = NULL, handled_by_id = NULL
"""

logger = logging.getLogger(__name__)


def note_empty(query: str, on: date | None = None) -> None:
    """Count a search that found nothing, on a day at the clinic. One that may identify a person is not kept.

    Never raises: no search fails because it could not be counted.
    """
    if not may_be_kept(query):
        return
    words = fold(query)
    day = connection.ops.adapt_datefield_value(on or timezone.localdate())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(COUNT, [words, day, day, words])
    except DatabaseError:
        logger.exception("a search that found nothing could not be counted")


def may_be_kept(query: str) -> bool:
    """Whether a search is short, made of words, and unlike an e-mail address, a person's number or a sentence."""
    words = all_words(query)
    return (
        "@" not in query
        and len(query.strip()) <= MAX_CHARACTERS
        and len(" ".join(words)) <= MAX_CHARACTERS
        and len(words) <= MAX_WORDS
        and sum(character.isnumeric() for character in query) <= MAX_DIGITS
        and any(character.isalpha() for word in words for character in word)
    )


def forget_old_empty(on: date | None = None) -> int:
    """Delete the searches that were last made half a year ago or earlier. Returns their number."""
    return EmptySearch.objects.filter(last_on__lt=(on or timezone.localdate()) - RETENTION).delete()[0]
