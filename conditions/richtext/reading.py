"""The one reader of rich text: HTML as a flat list of tags and text. Blocks, passages and plain text are views of it.

The list is flat and not a tree, so that a text with thousands of nested elements exhausts no stack.
"""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

# HTML standard, 13.1.2, "Void elements": they have no end tag.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass(frozen=True)
class Start:
    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    tag: str


Piece = str | Start | End


def pieces_of(html: str) -> list[Piece]:
    """The text and the tags of rich text, in order and well nested.

    An end tag without its element is left out, and an element without its end tag ends with the one around it. A void
    element has no end.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_all_but(0)
    return reader.pieces


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[Piece] = []
        self._path: list[str] = []
        self._open: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pieces.append(Start(tag, dict(attrs)))
        if tag not in VOID:
            self._path.append(tag)
            self._open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if self._open[tag]:
            place = len(self._path) - 1
            while self._path[place] != tag:
                place -= 1
            self.end_all_but(place)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def end_all_but(self, count: int) -> None:
        while len(self._path) > count:
            tag = self._path.pop()
            self._open[tag] -= 1
            self.pieces.append(End(tag))
