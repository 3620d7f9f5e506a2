"""How the reading level of a page is measured (Flesch-Kincaid grade, textstat).

The names of diseases and medicines are not the writer's choice, so each word of such a name that has more than two
syllables is counted as two. The list is `hard_names.txt`; ordinary long words do not belong on it.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

import textstat

BLOCKS = {"p", "li", "td", "th", "h3", "h4", "h2", "dt", "dd"}
HARD_NAMES = {
    word.casefold()
    for line in (Path(__file__).parent / "hard_names.txt").read_text().splitlines()
    if not line.startswith("#")
    for word in re.findall(r"[\w-]+", line)
}


class _Sentences(HTMLParser):
    """Collect visible text, ending each block as a sentence, so that a list is not read as one long sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            text = "".join(self.parts).rstrip()
            self.parts = [text if not text or text[-1] in ".!?" else text + ".", " "]


def sentences_of(html: str) -> str:
    parser = _Sentences()
    parser.feed(html)
    return re.sub(r"\s+", " ", "".join(parser.parts)).strip()


def with_plain_names(text: str) -> str:
    """Replace each word of a disease's or medicine's name by a word of two syllables."""

    def plain(match: re.Match[str]) -> str:
        word = match.group()
        return "body" if word.casefold() in HARD_NAMES and textstat.syllable_count(word) > 2 else word

    return re.sub(r"[\w-]+", plain, text)


def grade(html: str) -> float:
    """The Flesch-Kincaid grade of a piece of rich text (years of school, United States)."""
    return textstat.flesch_kincaid_grade(with_plain_names(sentences_of(html)))


def long_sentences(html: str, limit: int = 20) -> list[str]:
    """Sentences of more than `limit` words."""
    found = re.split(r"(?<=[.!?])\s+", sentences_of(html))
    return [sentence for sentence in found if len(sentence.split()) > limit]
