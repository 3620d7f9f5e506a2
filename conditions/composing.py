"""Composing: the content of a preview and of an edition, made from the working copy."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.text import slugify

from conditions import pictures, richtext
from conditions.choices import TagKind
from conditions.models import FAQ, Condition, Section, Source, Tag
from conditions.parts import PARTS, ROWS, Shape

FORMAT = 1

Content = dict[str, Any]
Rows = Mapping[str, Iterable[Any]]


def compose(condition: Condition, rows: Rows | None = None) -> Content:
    """The whole content of a condition's page, as plain data that JSON can hold.

    `rows` are the rows of the working copy by relation (`parts.ROWS`), for a caller that has them; otherwise they are
    read. All text is cleaned here: rich text to the allowed elements, plain text to printable lines. The same working
    copy always gives the same content, so a preview cannot differ from the page.
    """
    rows = stored_rows(condition) if rows is None else rows
    content: Content = {"format": FORMAT}
    for part in PARTS:
        value = rows[part.field] if part.field in ROWS else getattr(condition, part.field)
        content[part.key] = COMPOSERS[part.shape](value, condition)
    return content


def stored_rows(condition: Condition) -> Rows:
    """The rows of a working copy by relation, as they were prefetched, or as they are stored."""
    return {name: getattr(condition, name).all() for name in ROWS}


def compose_faqs(faqs: Iterable[FAQ]) -> list[dict[str, str]]:
    """Questions that have an answer, each with an anchor that is unique on the page."""
    composed: list[dict[str, str]] = []
    taken: set[str] = set()
    for faq in faqs:
        question, answer = richtext.plain_line(faq.question), richtext.sanitise(faq.answer)
        if not richtext.plain_text(answer):
            continue
        anchor = base = f"faq-{slugify(question)[:60].strip('-') or faq.pk}"
        count = 1
        while anchor in taken:
            count += 1
            anchor = f"{base}-{count}"
        taken.add(anchor)
        composed.append({"question": question, "html": answer, "anchor": anchor})
    return composed


def _sections(sections: Iterable[Section]) -> list[dict[str, str]]:
    """The sections in which something can be read."""
    return [
        {"kind": section.kind, "heading": richtext.plain_line(section.heading), "html": html}
        for section in sections
        if richtext.plain_text(html := richtext.sanitise(section.body))
    ]


def _sources(sources: Iterable[Source]) -> list[dict[str, str]]:
    return [
        {name: richtext.plain_line(getattr(source, name)) for name in ("title", "publisher", "seen")}
        | {"url": richtext.web_address(source.url)}
        for source in sources
    ]


def _picture(condition: Condition) -> dict[str, Any] | None:
    """The picture's stored name and size; None without a picture, or when its file is missing."""
    size = pictures.size_of(condition.picture.name) if condition.picture else None
    if size is None:
        return None
    return {
        "file": condition.picture.name,
        "alt": "" if condition.picture_decorative else richtext.plain_line(condition.picture_alt),
        "decorative": condition.picture_decorative,
        "width": size[0],
        "height": size[1],
    }


def _tags(rows: Iterable[Tag]) -> dict[str, list[dict[str, str]]]:
    tags: dict[str, list[dict[str, str]]] = {kind.value: [] for kind in TagKind}
    for tag in rows:
        tags[tag.kind].append({"slug": tag.slug, "name": richtext.plain_line(tag.name)})
    return tags


COMPOSERS: dict[Shape, Callable[[Any, Condition], Any]] = {
    Shape.LINE: lambda text, condition: richtext.plain_line(text),
    Shape.LINES: lambda text, condition: richtext.plain_lines(text),
    Shape.FLAG: lambda flag, condition: flag,
    Shape.ADDRESS: lambda slug, condition: slug,
    Shape.PICTURE: lambda file, condition: _picture(condition),
    Shape.NAMES: lambda rows, condition: [richtext.plain_line(row.name) for row in rows],
    Shape.SECTIONS: lambda rows, condition: _sections(rows),
    Shape.QUESTIONS: lambda rows, condition: compose_faqs(rows),
    Shape.SOURCES: lambda rows, condition: _sources(rows),
    Shape.TAGS: lambda rows, condition: _tags(rows),
    Shape.PAGES: lambda rows, condition: [other.pk for other in rows if other.pk != condition.pk],
}
