"""Indexing: what search knows about live pages and about the service's questions, and nothing else.

Each function works inside the caller's transaction, so that search changes at the same moment as the page.
"""

import unicodedata

from django.db import transaction
from django.urls import reverse

from conditions import richtext
from conditions.composing import Content, compose_faqs
from conditions.models import FAQ, Condition, Listing, SearchDocument, SearchName, SearchWord
from conditions.search import spelling
from conditions.search.words import all_words, fold

LONGEST = 100_000  # characters of a page that are searched; PostgreSQL takes a megabyte of words at most
AT_A_TIME = 200  # pages of a rebuild


def index_condition(listing: Listing, content: Content) -> None:
    """Make search find a live page and its questions as its live edition says (`content`), no longer as before."""
    SearchDocument.objects.filter(condition=listing.pk).delete()
    _store(_documents_of(listing, content), content["aliases"])


def forget_condition(condition: Condition) -> None:
    """Make search find nothing of a page any more."""
    SearchDocument.objects.filter(condition=condition).delete()


def index_service_faqs() -> None:
    """Make search find the questions about the service as they are now."""
    SearchDocument.objects.filter(condition=None).delete()
    address = reverse("conditions:faqs")
    _store([_question(faq, address) for faq in compose_faqs(FAQ.objects.about_service())], [])


@transaction.atomic
def rebuild() -> int:
    """Forget everything and index all that is public. Returns how many pages that was.

    For content that was restored or changed by hand: publishing keeps search up to date by itself.
    """
    SearchName.objects.all().delete()
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    index_service_faqs()
    listings = Listing.objects.select_related("condition__live_edition").order_by("pk")
    for listing in listings.iterator(chunk_size=AT_A_TIME):
        content = listing.condition.live_edition.content
        _store(_documents_of(listing, content), content["aliases"])
    return listings.count()


def _documents_of(listing: Listing, content: Content) -> list[SearchDocument]:
    address = listing.get_absolute_url()
    page = SearchDocument(
        condition_id=listing.pk,
        kind=SearchDocument.Kind.CONDITION,
        url=address,
        name=_text(content["name"]),
        aliases=_text("\n".join(content["aliases"])),
        summary=_text("\n".join([content["summary"], *content["key_facts"], *_headings(content)])),
        body=_text(" ".join([content["summary"], *content["key_facts"], *_sections(content)])),
    )
    questions = [_question(faq, address, about=content["name"], condition=listing.pk) for faq in content["faqs"]]
    return [page, *questions]


def _headings(content: Content) -> list[str]:
    return [section["heading"] for section in content["sections"]]


def _sections(content: Content) -> list[str]:
    """Each section as it reads in a snippet: its heading as a sentence, then its text."""
    return [
        f"{heading if heading.endswith(('?', '.', '!')) else heading + ':'} {richtext.plain_text(section['html'])}"
        for heading, section in zip(_headings(content), content["sections"], strict=True)
    ]


def _question(faq: dict[str, str], address: str, *, about: str = "", condition: int | None = None) -> SearchDocument:
    return SearchDocument(
        condition_id=condition,
        kind=SearchDocument.Kind.QUESTION,
        url=f"{address}#{faq['anchor']}",
        question=_text(faq["question"]),
        context=_text(about),
        body=_text(richtext.plain_text(faq["html"])),
    )


def _text(text: str) -> str:
    """Letters with their accents in one character, as the databases expect them."""
    return unicodedata.normalize("NFC", text[:LONGEST])


def _store(documents: list[SearchDocument], aliases: list[str]) -> None:
    names: list[SearchName] = []
    words: set[str] = set()
    for document in SearchDocument.objects.bulk_create(documents):
        if document.kind == SearchDocument.Kind.CONDITION:
            names += [_name(document, label, "name") for label in [document.name, *aliases]]
        else:
            names.append(_name(document, document.question, "question"))
        for text in (document.name, document.aliases, document.question, document.summary, document.body):
            words.update(all_words(text))
    SearchName.objects.bulk_create(names)
    spelling.keep(words)


def _name(document: SearchDocument, label: str, column: str) -> SearchName:
    return SearchName(document=document, label=label[:200], **{column: fold(label)[:200]})
