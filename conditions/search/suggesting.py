"""Suggesting: names and questions while a visitor is still typing."""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

from dataclasses import dataclass

from django.db import connection

from conditions.models import SearchDocument
from conditions.search.database import search_of_database
from conditions.search.words import typed_words

MAX_NAMES = 100  # for each kind of match: the first letters of a word may begin thousands


@dataclass(frozen=True)
class Suggestion:
    """A name, other name or question, with its address."""

    label: str
    url: str
    kind: str


def suggest(query: str, *, limit: int = 8) -> list[Suggestion]:
    """Names and questions in which each typed word begins some word: conditions first, and one suggestion for a page.

    Those that begin as the query does come first; then names before other names, and the shorter before the longer.
    """
    words = typed_words(query)
    if not words or limit < 1:
        return []
    suggestions: dict[str, Suggestion] = {}
    with search_of_database().searching():
        for column in ("name", "question"):
            for label, url, kind in _names(column, words, limit=limit * 2):
                suggestions.setdefault(url, Suggestion(label, url, kind))
            if len(suggestions) >= limit:
                break
    return list(suggestions.values())[:limit]


def _names(column: str, words: list[str], *, limit: int) -> list[tuple[str, str, str]]:
    arms: list[str] = []
    parameters: list = []
    for tier, at_start in enumerate((True, False)):
        sql, its_parameters = search_of_database().beginning(column, words, at_start=at_start)
        arms.append(f"SELECT * FROM (SELECT id, {tier} AS tier FROM ({sql} LIMIT %s) AS matching) AS tier_{tier}")
        parameters += [*its_parameters, MAX_NAMES]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.label, document.url, document.kind "
            f"FROM (SELECT id, min(tier) AS tier FROM ({' UNION ALL '.join(arms)}) AS hit GROUP BY id) AS best "
            "JOIN conditions_searchname AS entry ON entry.id = best.id "
            "JOIN conditions_searchdocument AS document ON document.id = entry.document_id "
            "ORDER BY tier, entry.label <> document.title, length(entry.label), entry.label, document.url LIMIT %s",
            [*parameters, limit],
        )
        kinds = dict(SearchDocument.Kind.choices)
        return [(label, url, kinds[kind]) for label, url, kind in cursor.fetchall()]
