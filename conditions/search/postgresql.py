"""Search on PostgreSQL: text search vectors, "english" for whole words and "simple" for the beginnings of names.

Words are passed to plainto_tsquery, which knows no operators, or as quoted lexemes; `words` leaves nothing in them but
letters and digits.
"""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from conditions.search.statements import END, IS_QUESTION, SIZE, START, Part, Statement

VECTORS = {
    Part.NAMES: "names_vector",
    Part.QUESTION: "question_vector",
    Part.SUMMARY: "summary_vector",
    Part.WHOLE: "whole_vector",
}


@contextmanager
def searching() -> Iterator[None]:
    """Settings for searches. The planner takes a word that is on most pages for a reason to read the pages themselves.

    It does not know that the vectors then have to be fetched one by one from where large values are kept, which takes
    ten times as long as its index.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")
        yield


def matching(words: list[str], *, any_word: bool) -> Statement:
    """The ids of the documents that hold the words."""
    query, parameters = _all_or_any(words, any_word=any_word)
    return f"SELECT id FROM conditions_searchdocument WHERE whole_vector @@ ({query})", parameters


def candidates(part: Part, words: list[str], *, any_word: bool, weighed: bool, most: int) -> Statement:
    """Up to `most` documents that hold the words in a part: id, worth (minus ts_rank), size and is_question."""
    query, parameters = _all_or_any(words, any_word=any_word)
    # 1: divided by the logarithm of the length, so that a long page does not win by its length.
    worth = f"-ts_rank(whole_vector, {query}, 1)" if weighed else "0.0"
    sql = (
        f"SELECT id, {worth} AS worth, {SIZE}, {IS_QUESTION} FROM conditions_searchdocument "
        f"WHERE {VECTORS[part]} @@ ({query}) LIMIT %s"
    )
    return sql, [*parameters * (2 if weighed else 1), most]


def marked_bodies(ids: list[int], words: list[str], *, any_word: bool) -> dict[int, str]:
    """The bodies of some documents, each found word between START and END.

    The database marks the words of the bodies that are forms of the query's: a tenth of the work of ts_headline.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, body FROM conditions_searchdocument WHERE id = ANY(%s)", [ids])
        bodies = dict(cursor.fetchall())
        initials = "".join({word[0] for word in words})
        alike = {word.lower() for body in bodies.values() for word in re.findall(rf"(?i)\b[{initials}]\w*", body)}
        query, parameters = _all_or_any(words, any_word=True)
        cursor.execute(
            f"SELECT word FROM unnest(%s::text[]) AS word WHERE to_tsvector('english', word) @@ ({query})",
            [sorted(alike), *parameters],
        )
        forms = "|".join(row[0] for row in cursor.fetchall())
    marked = rf"{START}\1{END}"
    return {id_: re.sub(rf"(?i)\b({forms})\b", marked, body) if forms else body for id_, body in bodies.items()}


def beginning(column: str, words: list[str], *, at_start: bool) -> Statement:
    """The ids of the names in which every word begins some word; `at_start`: the first of them the whole name."""
    query = " & ".join(f"'{word}':*" for word in words)
    sql = f"SELECT id FROM conditions_searchname WHERE {column}_vector @@ to_tsquery('simple', %s)"
    return (f"{sql} AND {column} LIKE %s", [query, f"{words[0]}%"]) if at_start else (sql, [query])


def _all_or_any(words: list[str], *, any_word: bool) -> Statement:
    operator = " || " if any_word else " && "
    return operator.join(["plainto_tsquery('english', %s)"] * len(words)), list(words)
