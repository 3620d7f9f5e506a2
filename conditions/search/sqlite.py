"""Search on SQLite: FTS5, with the Porter stemmer for whole words and without it for the beginnings of names.

Words reach FTS5 inside quotes, as strings of its query syntax; `words` leaves only letters and digits in them.
"""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

from contextlib import AbstractContextManager, nullcontext

from django.db import connection

from conditions.search.statements import END, IS_QUESTION, SIZE, START, Part, Statement

COLUMNS = {
    Part.NAMES: "{name aliases} : ",
    Part.QUESTION: "question : ",
    Part.SUMMARY: "summary : ",
    Part.WHOLE: "",
}
WEIGHTS = "10.0, 8.0, 6.0, 4.0, 1.0, 1.0"  # of name, aliases, question, summary, context, body


def searching() -> AbstractContextManager[None]:
    """Settings for searches: none."""
    return nullcontext()


def matching(words: list[str], *, any_word: bool) -> Statement:
    """The ids of the documents that hold the words."""
    sql = "SELECT rowid AS id FROM conditions_search WHERE conditions_search MATCH %s"
    return sql, [_all_or_any(words, any_word=any_word)]


def candidates(part: Part, words: list[str], *, any_word: bool, weighed: bool, most: int) -> Statement:
    """Up to `most` documents that hold the words in a part: id, worth (BM25: low is good), size and is_question."""
    worth = f"bm25(conditions_search, {WEIGHTS})" if weighed else "0.0"
    # Joined, as a column read through FTS5 costs five times as much. CROSS: in this order.
    sql = (
        f"SELECT matching.id, worth, {SIZE}, {IS_QUESTION} FROM "
        f"(SELECT rowid AS id, {worth} AS worth FROM conditions_search WHERE conditions_search MATCH %s LIMIT %s) "
        "AS matching CROSS JOIN conditions_searchdocument AS document ON document.id = matching.id"
    )
    return sql, [COLUMNS[part] + _all_or_any(words, any_word=any_word), most]


def marked_bodies(ids: list[int], words: list[str], *, any_word: bool) -> dict[int, str]:
    """The bodies of some documents, each found word between START and END."""
    one = (
        f"SELECT rowid, highlight(conditions_search, 5, '{START}', '{END}') FROM conditions_search "
        "WHERE conditions_search MATCH %s AND rowid = %s"
    )
    match = _all_or_any(words, any_word=any_word)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(ids)), [value for id_ in ids for value in (match, id_)])
        return dict(cursor.fetchall())


def beginning(column: str, words: list[str], *, at_start: bool) -> Statement:
    """The ids of the names in which every word begins some word; `at_start`: the first of them the whole name."""
    begun = [f'"{word}" *' for word in words]
    if at_start:
        begun[0] = "^ " + begun[0]
    sql = "SELECT rowid AS id FROM conditions_searchbegun WHERE conditions_searchbegun MATCH %s"
    return sql, [f"{column} : ({' AND '.join(begun)})"]


def _all_or_any(words: list[str], *, any_word: bool) -> str:
    quoted = (f'"{word}"' for word in words)
    return f"({(' OR ' if any_word else ' AND ').join(quoted)})"
