"""Reading rich text as a reader meets it: its blocks, sentences and links, and how hard it is to read.

The level is the Flesch-Kincaid grade (textstat). The names of diseases and medicines are not the writer's choice, so
each word of such a name that has more than two syllables is counted as two. The list is `hard_names.txt`; ordinary
long words do not belong on it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import textstat

# Elements that end a stretch of text, so that a list is not read as one long sentence.
BREAKS = {"p", "h2", "h3", "h4", "li", "dt", "dd", "td", "th", "div", "section"}
# A paragraph in one of these is read as a part of it.
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
class Block:
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
    """What a piece of rich text says, in its order."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def read(html: str) -> RichText:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    """Collects blocks and links."""

    def __init__(self) -> None:
        super().__init__()
        self.found = RichText()
        self._open: list[str] = []
        self._text: list[str] = []
        self._href: str | None = None
        self._link_text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.handle_data(" ")
        elif tag == "a":
            self._end_link()
            self._href = (dict(attrs).get("href") or "").strip()
        elif tag in BREAKS:
            self._end_block()
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in BREAKS:
            self._end_block()
            if self._open and self._open[-1] == tag:
                self._open.pop()

    def handle_data(self, data: str) -> None:
        self._text.append(data)
        if self._href is not None:
            self._link_text.append(data)

    def close(self) -> None:
        super().close()
        self._end_link()
        self._end_block()

    def _end_block(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text = []
        if text:
            innermost = self._open[-1] if self._open else "p"
            holder = next((tag for tag in self._open[-2:] if tag in HOLDERS), innermost)
            self.found.blocks.append(Block(holder, text))

    def _end_link(self) -> None:
        if self._href is not None:
            self.found.links.append(Link(self._href, " ".join("".join(self._link_text).split())))
        self._href, self._link_text = None, []


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
