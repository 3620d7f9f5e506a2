"""Findings of the checks, and the parts of a page that they are about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from conditions.composing import Content
from conditions.lint import reading
from conditions.parts import PARTS, Part, Shape

MAX_QUOTE_CHARACTERS = 160


class Level(models.TextChoices):
    """The weight of a finding."""

    MUST = "must", "Put this right"
    LOOK = "look", "Worth a look"


@dataclass(frozen=True)
class Finding:
    """A finding: the anchor and the name of its part, the problem, the advice, and the words that it is about."""

    level: Level
    where: str
    place: str
    message: str
    advice: str
    quote: str = ""


@dataclass(frozen=True)
class CheckedPart:
    """A part of the page for the checks. `where` is its anchor, `place` its name, `level` that of its heading."""

    where: str
    place: str
    heading: str = ""
    level: int = 2
    text: reading.RichText = field(default_factory=reading.RichText)

    @property
    def blocks(self) -> list[reading.Passage]:
        return self.text.blocks

    @property
    def links(self) -> list[reading.Link]:
        return self.text.links

    def must(self, message: str, advice: str, quote: str = "") -> Finding:
        return Finding(Level.MUST, self.where, self.place, message, advice, _cut(quote))

    def look(self, message: str, advice: str, quote: str = "") -> Finding:
        return Finding(Level.LOOK, self.where, self.place, message, advice, _cut(quote))


def parts_of(content: Content) -> list[CheckedPart]:
    """The parts of a page that are checked, empty ones too, in its order: the picture follows the summary."""
    checked = [part for part in PARTS if part.checked_as]
    checked.sort(key=lambda part: {"summary": 0, "picture": 1}.get(part.key, 2))
    return [found for part in checked for found in READERS[part.shape](part, content[part.key])]


def _text(part: Part, lines: list[str], element: str = "") -> list[CheckedPart]:
    blocks = [reading.Passage(element or part.element, line) for line in lines if line]
    return [CheckedPart(part.place, part.checked_as, text=reading.RichText(blocks=blocks))]


def _sections(part: Part, sections: list[dict[str, str]]) -> list[CheckedPart]:
    return [
        CheckedPart(
            section["kind"],
            f"{part.checked_as} “{section['heading'] or section['kind']}”",
            section["heading"],
            2,
            reading.read(section["html"]),
        )
        for section in sections
    ]


def _questions(part: Part, faqs: list[dict[str, str]]) -> list[CheckedPart]:
    return [
        CheckedPart(
            faq["anchor"], f"{part.checked_as} “{faq['question']}”", faq["question"], 3, reading.read(faq["html"])
        )
        for faq in faqs
    ]


def _sources(part: Part, sources: list[dict[str, str]]) -> list[CheckedPart]:
    """The titles of sources are read as links only: their words were chosen elsewhere."""
    links = [reading.Link(source["url"], source["title"]) for source in sources if source["url"]]
    return [CheckedPart(part.place, part.checked_as, text=reading.RichText(links=links))]


READERS: dict[Shape, Callable[[Part, Any], list[CheckedPart]]] = {
    Shape.LINE: lambda part, line: _text(part, [line]),
    Shape.LINES: _text,
    Shape.PICTURE: lambda part, picture: _text(part, [picture["alt"]] if picture else [], "alt"),
    Shape.SECTIONS: _sections,
    Shape.QUESTIONS: _questions,
    Shape.SOURCES: _sources,
}


def by_place(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the anchor of their part, for showing them beside it."""
    places: dict[str, list[Finding]] = {}
    for finding in findings:
        places.setdefault(finding.where, []).append(finding)
    return places


def _cut(text: str) -> str:
    return text if len(text) <= MAX_QUOTE_CHARACTERS else f"{text[: MAX_QUOTE_CHARACTERS - 1].rstrip()}…"
