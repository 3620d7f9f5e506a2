"""What a check says, and the parts of a page that it can speak about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import models

from conditions.composing import Content
from conditions.lint import reading

LONGEST_QUOTE = 160  # characters


class Level(models.TextChoices):
    """How much a finding matters."""

    MUST = "must", "Put this right"
    LOOK = "look", "Worth a look"


@dataclass(frozen=True)
class Finding:
    """One thing to look at: where it is on the page, what is wrong, what to do, and the words that it is about."""

    level: Level
    where: str
    place: str
    message: str
    advice: str
    quote: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the page. `where` is its anchor there, `place` what staff call it, `level` that of its heading."""

    where: str
    place: str
    heading: str = ""
    level: int = 2
    text: reading.RichText = field(default_factory=reading.RichText)

    @property
    def blocks(self) -> list[reading.Block]:
        return self.text.blocks

    @property
    def links(self) -> list[reading.Link]:
        return self.text.links

    def must(self, message: str, advice: str, quote: str = "") -> Finding:
        return Finding(Level.MUST, self.where, self.place, message, advice, _cut(quote))

    def look(self, message: str, advice: str, quote: str = "") -> Finding:
        return Finding(Level.LOOK, self.where, self.place, message, advice, _cut(quote))


def parts_of(content: Content) -> list[Part]:
    """The parts of a page in its order. The fixed ones are there even when they are empty.

    The titles of sources are read as links only: nobody here chose their words.
    """
    picture = content["picture"]
    sources = [reading.Link(source["url"], source["title"]) for source in content["sources"] if source["url"]]
    return [
        Part("summary", "Summary", text=_lines("summary", [content["summary"]])),
        Part("picture", "Picture", text=_lines("alt", [picture["alt"]] if picture else [])),
        Part("in-short", "Key facts", text=_lines("li", content["key_facts"])),
        Part("care-card", "Emergency care card", text=_lines("sign", content["care_signs"])),
        *(
            Part(
                section["kind"],
                f"Section “{section['heading'] or section['kind']}”",
                section["heading"],
                2,
                reading.read(section["html"]),
            )
            for section in content["sections"]
        ),
        *(
            Part(faq["anchor"], f"Question “{faq['question']}”", faq["question"], 3, reading.read(faq["html"]))
            for faq in content["faqs"]
        ),
        Part("sources", "Sources", text=reading.RichText(links=sources)),
    ]


def by_place(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the anchor of their part, for showing them beside it."""
    places: dict[str, list[Finding]] = {}
    for finding in findings:
        places.setdefault(finding.where, []).append(finding)
    return places


def _lines(tag: str, lines: list[str]) -> reading.RichText:
    return reading.RichText(blocks=[reading.Block(tag, line) for line in lines if line])


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1].rstrip()}…"
