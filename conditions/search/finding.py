"""Finding: the conditions and questions that match a query, the best first.

All words must match. When nothing has them all, matches of any word are found instead (`Found.some_words_only`).
The order: a name or question typed in full, then words in names, in questions, in summaries and headings, and
anywhere. Among equals in a name or question the shortest comes first; elsewhere the database's own ranking decides;
and then conditions come before questions.

A word may stand on every page. The cost of a search is bounded all the same: of each kind of match at most `MAX_HITS`
are read, and where there are more no ranking is computed for the words in bodies.
"""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator
from django.db import connection
from django.utils.safestring import SafeString

from conditions.models import SearchDocument
from conditions.search import snippets, spelling
from conditions.search.database import search_of_database
from conditions.search.statements import IS_QUESTION, Part, Statement
from conditions.search.words import telling_words, typed_words

MAX_HITS = 1000


@dataclass(frozen=True)
class Hit:
    """One thing found. `context` is the condition that a question is about; empty for a condition."""

    title: str
    url: str
    kind: str
    context: str
    snippet: SafeString


@dataclass(frozen=True)
class Found:
    """One page of hits. With `total_is_capped` there are more than `total`."""

    page: Page
    hits: list[Hit] = field(default_factory=list)
    total_is_capped: bool = False
    some_words_only: bool = False
    did_you_mean: str = ""

    @property
    def total(self) -> int:
        return self.page.paginator.count


def find(query: str, *, page: int = 1, per_page: int = 10) -> Found:
    """The hits for the words of `query`. Any text is a query; without a word that tells pages apart it has none.

    A `page` outside the range is moved to the nearest one.
    """
    typed = typed_words(query)
    words = telling_words(typed)
    if not words:
        return Found(page=_page(0, page, per_page))
    with search_of_database().searching():
        count = _count(words, any_word=False)
        did_you_mean = spelling.correction(typed, found=bool(count), finds=_finds)
        any_word = not count and len(words) > 1
        if any_word:
            count = _count(words, any_word=True)
        shown = _page(count, page, per_page)
        hits = _hits(typed, words, shown, any_word=any_word, weighed=count <= MAX_HITS) if count else []
    return Found(
        page=shown,
        hits=hits,
        total_is_capped=count > MAX_HITS,
        some_words_only=any_word and bool(hits),
        did_you_mean=did_you_mean,
    )


def _page(count: int, page: int, per_page: int) -> Page:
    return Paginator(range(min(count, MAX_HITS)), per_page).get_page(page)


def _finds(words: list[str]) -> bool:
    return bool(_count(words, any_word=False, most=1))


def _count(words: list[str], *, any_word: bool, most: int = MAX_HITS + 1) -> int:
    sql, parameters = search_of_database().matching(words, any_word=any_word)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql} LIMIT %s) AS matching", [*parameters, most])
        return cursor.fetchone()[0]


def _hits(typed: list[str], words: list[str], shown: Page, *, any_word: bool, weighed: bool) -> list[Hit]:
    sql, parameters = _ranking(typed, words, any_word=any_word, weighed=weighed)
    first = shown.start_index() - 1
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} LIMIT %s OFFSET %s", [*parameters, len(shown), first])
        ids = [row[0] for row in cursor.fetchall()]
    marked = search_of_database().marked_bodies(ids, words, any_word=any_word)
    documents = SearchDocument.objects.only("title", "url", "kind", "about", "text").in_bulk(ids)
    # A page may have been published or withdrawn since its id was read.
    return [_hit(documents[id_], marked.get(id_, "")) for id_ in ids if id_ in documents]


def _ranking(typed: list[str], words: list[str], *, any_word: bool, weighed: bool) -> Statement:
    """Ids in their order. A document is in the best of the tiers that it was found for."""
    exact = " ".join(typed)
    arms = [
        "SELECT document_id AS id, 0 AS tier, 0.0 AS worth, 0 AS size, "
        f"{IS_QUESTION} FROM conditions_searchname WHERE name = %s OR question = %s"
    ]
    parameters: list = [exact, exact]
    for part in Part:
        sql, its_parameters = search_of_database().candidates(
            part, words, any_word=any_word, weighed=weighed and part == Part.WHOLE, most=MAX_HITS
        )
        arms.append(f"SELECT id, {part.value}, worth, size, is_question FROM ({sql}) AS part_{part.value}")
        parameters += its_parameters
    return (
        f"SELECT id FROM ({' UNION ALL '.join(arms)}) AS hit GROUP BY id ORDER BY "
        f"min(tier), min(CASE WHEN tier <= {Part.QUESTION.value} THEN size END), min(worth), min(is_question), id",
        parameters,
    )


def _hit(document: SearchDocument, marked_body: str) -> Hit:
    return Hit(
        title=document.title,
        url=document.url,
        kind=document.get_kind_display(),
        context=document.about,
        snippet=snippets.snippet(document.text, marked_body),
    )
