"""Composing: from the working copy to the content that a preview and an edition hold."""

from typing import Any

from django.utils.text import slugify

from conditions import pictures, richtext
from conditions.choices import TagKind
from conditions.models.working import FAQ, Condition

FORMAT = 1

Content = dict[str, Any]


def compose(condition: Condition) -> Content:
    """Everything that the public page of `condition` says, as plain data that JSON keeps.

    All text is cleaned here, whatever way it came into the working copy: rich text to the allowed elements, plain text
    to printable lines. The same working copy always gives the same content, so a preview cannot differ from the page.
    """
    return {
        "format": FORMAT,
        "slug": condition.slug,
        "name": richtext.plain_line(condition.name),
        "aliases": [richtext.plain_line(alias.name) for alias in condition.aliases.all()],
        "summary": richtext.plain_line(condition.summary),
        "key_facts": richtext.plain_lines(condition.key_facts),
        "care_signs": richtext.plain_lines(condition.emergency_signs),
        "picture": _picture(condition),
        "featured": condition.featured,
        "tags": _tags(condition),
        "sections": [
            {"kind": section.kind, "heading": richtext.plain_line(section.heading), "html": html}
            for section in condition.sections.all()
            if richtext.plain_text(html := richtext.sanitise(section.body))
        ],
        "faqs": compose_faqs(condition.faqs.all()),
        "sources": [
            {name: richtext.plain_line(getattr(source, name)) for name in ("title", "publisher", "seen")}
            | {"url": richtext.web_address(source.url)}
            for source in condition.sources.all()
        ],
        "related": [other.pk for other in condition.related.all() if other.pk != condition.pk],
    }


def compose_faqs(faqs: list[FAQ]) -> list[dict[str, str]]:
    """Questions that have an answer, each with an anchor that is its own on the page."""
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


def _picture(condition: Condition) -> dict[str, Any] | None:
    """The picture's stored name and size. None without one, or when its file is missing: the page must do without."""
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


def _tags(condition: Condition) -> dict[str, list[dict[str, str]]]:
    tags: dict[str, list[dict[str, str]]] = {kind.value: [] for kind in TagKind}
    for tag in condition.tags.all():
        tags[tag.kind].append({"slug": tag.slug, "name": richtext.plain_line(tag.name)})
    return tags
