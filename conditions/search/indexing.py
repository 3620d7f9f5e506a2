"""Indexing: the rows of search for live pages and for the service's questions.

Each function works inside the caller's transaction, so that search changes at the same moment as the page.
"""

import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import transaction
from django.urls import reverse

from conditions import richtext
from conditions.composing import Content, compose_faqs
from conditions.models import FAQ, Condition, Listing, SearchDocument, SearchName, SearchWord
from conditions.parts import PARTS, Shape, of_shape
from conditions.search import spelling
from conditions.search.words import all_words, fold, plain

MAX_CHARACTERS = 100_000  # of a page; PostgreSQL takes a megabyte of words at most
BATCH_PAGES = 200


class Entry(NamedTuple):
    """A document, and the names for its suggestions."""

    document: SearchDocument
    labels: list[str]


def index_condition(listing: Listing, content: Content) -> None:
    """Replace the entries of a live page and its questions by those of its live edition's `content`."""
    SearchDocument.objects.filter(condition=listing.pk).delete()
    _store(_entries_of(listing, content))


def forget_condition(condition: Condition) -> None:
    """Delete the entries of a page."""
    SearchDocument.objects.filter(condition=condition).delete()


def index_service_faqs() -> None:
    """Replace the entries of the questions about the service."""
    SearchDocument.objects.filter(condition=None).delete()
    address = reverse("conditions:faqs")
    _store([_question(faq, address) for faq in compose_faqs(FAQ.objects.about_service())])


@transaction.atomic
def rebuild() -> int:
    """Delete all entries and index all public content. Returns the number of pages.

    For content that was restored or changed by hand: publishing keeps search up to date by itself.
    """
    SearchName.objects.all().delete()
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    index_service_faqs()
    listings = Listing.objects.order_by("pk")
    pages = list(listings.values_list("pk", flat=True))
    for start in range(0, len(pages), BATCH_PAGES):
        some = listings.filter(pk__in=pages[start : start + BATCH_PAGES]).select_related("condition__live_edition")
        _store([entry for listing in some for entry in _entries_of(listing, listing.condition.live_edition.content)])
    return len(pages)


def _entries_of(listing: Listing, content: Content) -> list[Entry]:
    address = listing.get_absolute_url()
    columns: dict[str, list[str]] = {"name": [], "aliases": [], "summary": []}
    body: list[str] = []
    for part in PARTS:
        if part.searched:
            texts, value = TEXTS[part.shape], content[part.key]
            columns[part.searched] += texts(value)
            body += READ_OUT.get(part.shape, texts)(value) if part.searched == "summary" else []
    page = SearchDocument(
        condition_id=listing.pk,
        kind=SearchDocument.Kind.CONDITION,
        url=address,
        title=content["name"],
        **{column: _indexed(" ".join(texts)) for column, texts in columns.items()},
        **_body(" ".join(body)),
    )
    names = [*columns["name"], *columns["aliases"]]
    questions = [
        _question(faq, address, about=content["name"], condition=listing.pk)
        for part in of_shape(Shape.QUESTIONS)
        for faq in content[part.key]
    ]
    return [Entry(page, names), *questions]


def _read_out(section: dict[str, str]) -> str:
    """A section as a snippet shows it: its heading as a sentence, then its text."""
    heading = section["heading"]
    return f"{heading if heading.endswith(('?', '.', '!')) else heading + ':'} {richtext.plain_text(section['html'])}"


def _question(faq: dict[str, str], address: str, *, about: str = "", condition: int | None = None) -> Entry:
    question = SearchDocument(
        condition_id=condition,
        kind=SearchDocument.Kind.QUESTION,
        url=f"{address}#{faq['anchor']}",
        title=faq["question"],
        about=about,
        question=_indexed(faq["question"]),
        context=_indexed(about),
        **_body(richtext.plain_text(faq["html"])),
    )
    return Entry(question, [faq["question"]])


def _body(text: str) -> dict[str, str]:
    """The shown and the searched form of a text, letter for letter in the same places."""
    text = unicodedata.normalize("NFC", text[:MAX_CHARACTERS])
    return {"text": text, "body": plain(text)}


def _indexed(text: str) -> str:
    return plain(unicodedata.normalize("NFC", text[:MAX_CHARACTERS]))


def _store(entries: list[Entry]) -> None:
    SearchDocument.objects.bulk_create([entry.document for entry in entries])
    SearchName.objects.bulk_create([_name(document, label) for document, labels in entries for label in labels])
    spelling.keep({word for document, _ in entries for word in _words_of(document)})


def _name(document: SearchDocument, label: str) -> SearchName:
    column = "name" if document.kind == SearchDocument.Kind.CONDITION else "question"
    return SearchName(document=document, label=label[:200], **{column: fold(label)[:200]})


def _words_of(document: SearchDocument) -> list[str]:
    texts = (document.name, document.aliases, document.question, document.summary, document.body)
    return all_words(" ".join(texts))


# The words of a part, for the column in which they count.
TEXTS: dict[Shape, Callable[[Any], list[str]]] = {
    Shape.LINE: lambda line: [line],
    Shape.LINES: list,
    Shape.NAMES: list,
    Shape.SECTIONS: lambda sections: [section["heading"] for section in sections],
}
# The text of a part in a snippet, where it is more than those.
READ_OUT: dict[Shape, Callable[[Any], list[str]]] = {
    Shape.SECTIONS: lambda sections: [_read_out(section) for section in sections],
}
