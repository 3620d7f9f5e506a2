"""The passages, sentences and links of rich text, and its reading level.

The level is the Flesch-Kincaid grade (textstat). The names of diseases and medicines are not the writer's choice, so
each word of such a name with more than two syllables counts as one of two. The list is `hard_names.txt`; ordinary
long words do not belong on it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import textstat

from conditions.richtext.reading import Start, pieces_of

# Elements that end a passage, so that a list is not read as one long sentence.
BREAKS = {"p", "h2", "h3", "h4", "li", "dt", "dd", "td", "th", "div", "section"}
# A paragraph in one of these counts as a part of it.
HOLDERS = ("li", "td", "th")
HEADINGS = {"h3", "h4"}
ABBREVIATIONS = r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bProf\.)(?<!\bSt\.)"
SENTENCE_END = re.compile(rf"(?:(?<=[.!?])|(?<=[.!?][”’\")])){ABBREVIATIONS}\s+(?![a-z])")
HARD_NAMES = {
    word.casefold()
    for line in (Path(__file__).parent / "hard_names.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
    for word in re.findall(r"[\w-]+", line)
}


@dataclass(frozen=True)
class Passage:
    """A stretch of text that stands by itself. `tag` is its element: p, h3, h4, li, td, th."""

    tag: str
    text: str


@dataclass(frozen=True)
class Link:
    """A link as written. Without an address, `href` is empty."""

    href: str
    text: str


@dataclass
class RichText:
    """The passages and the links of a piece of rich text, in its order."""

    blocks: list[Passage] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def read(html: str) -> RichText:
    """The passages and links of rich text, or of any other HTML. A line break is read as a space."""
    view = _Passages()
    for piece in pieces_of(html):
        if isinstance(piece, str):
            view.add_text(piece)
        elif piece.tag == "br":
            view.add_text(" ")
        elif piece.tag == "a" and isinstance(piece, Start):
            view.start_link(piece)
        elif piece.tag == "a":
            view.end_link()
        elif piece.tag in BREAKS:
            view.end_passage()
            view.path.append(piece.tag) if isinstance(piece, Start) else view.path.pop()
    view.end_passage()
    return view.found


class _Passages:
    def __init__(self) -> None:
        self.found = RichText()
        self.path: list[str] = []
        self._text: list[str] = []
        self._links: list[tuple[str, list[str]]] = []

    def add_text(self, text: str) -> None:
        self._text.append(text)
        if self._links:
            self._links[-1][1].append(text)

    def start_link(self, link: Start) -> None:
        self._links.append(((link.attributes.get("href") or "").strip(), []))

    def end_link(self) -> None:
        href, texts = self._links.pop()
        self.found.links.append(Link(href, " ".join("".join(texts).split())))

    def end_passage(self) -> None:
        """A paragraph in an item or a cell counts as a part of it."""
        text = " ".join("".join(self._text).split())
        self._text = []
        if text:
            innermost = self.path[-1] if self.path else "p"
            holder = next((tag for tag in self.path[-2:] if tag in HOLDERS), innermost)
            self.found.blocks.append(Passage(holder, text))


def sentences(text: str) -> list[str]:
    """The sentences of a plain text. An abbreviation such as “e.g.” ends none."""
    return [sentence for sentence in SENTENCE_END.split(text) if sentence]


def long_sentences(html: str, limit: int = 20) -> list[str]:
    """Sentences of more than `limit` words. No more than 20 is the NHS service manual's advice."""
    found = (sentence for block in read(html).blocks for sentence in sentences(block.text))
    return [sentence for sentence in found if len(sentence.split()) > limit]


def with_plain_names(text: str) -> str:
    """Replace each word of a disease's or medicine's name by a word of two syllables."""

    def plain(match: re.Match[str]) -> str:
        word = match.group()
        return "body" if word.casefold() in HARD_NAMES and textstat.syllable_count(word) > 2 else word

    return re.sub(r"[\w-]+", plain, text)


def grade_of(texts: Sequence[str]) -> float:
    """The Flesch-Kincaid grade of texts (years of school, United States). Each ends a sentence."""
    ended = [text if text[-1] in ".!?" else f"{text}." for text in texts if text]
    return textstat.flesch_kincaid_grade(with_plain_names(" ".join(ended)))


def grade(html: str) -> float:
    """The Flesch-Kincaid grade of a piece of rich text."""
    return grade_of([block.text for block in read(html).blocks])
