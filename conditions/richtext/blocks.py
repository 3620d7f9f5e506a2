"""Rich text as the blocks that a reader sees, one after the other, each in plain text.

What stands behind the words is written out, so that it can be compared: where a link leads, where a line breaks, how
wide a cell is. Such a mark holds a no-break space, and no text of an editor does here: nobody can write one by hand.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from conditions import richtext

PARAGRAPH = "Paragraph"
HEADINGS = {"h3": "Heading", "h4": "Smaller heading"}
ITEMS = {"ul": "List item", "ol": "Numbered item"}
CELL = " |\u00a0 "
BREAK = " ↵\u00a0 "
IN_CELL = {"p": BREAK, "li": " •\u00a0 ", "h3": " (heading)\u00a0 ", "h4": " (smaller\u00a0heading) "}


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, item or row. `is_detail` says that it is no text of the page: its words aren't counted."""

    label: str
    text: str
    is_detail: bool = False


def blocks_of(html: str) -> list[Block]:
    """The blocks of rich text, as the page shows it: cleaned first."""
    reader = _Reader()
    reader.feed(richtext.sanitise(html))
    reader.close()
    reader.finish_block()
    return reader.blocks


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._open: list[str] = []
        self._targets: list[str | None] = []
        self._cells: list[str] = []  # of the row that is being read
        self._begins_item = False
        self._numbered_from = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._targets.append(given.get("href"))
        elif tag == "br":
            self._text.append(BREAK)
        elif tag in {"td", "th"}:
            self._cells.append(tag)
            self._text += [*_spans(given), CELL]
        elif self._cells and tag in IN_CELL:
            if tag != "p" or self._text[-1] != CELL:
                self._text.append(IN_CELL[tag])
        elif not self._cells or tag in {"table", "tr"}:
            self.finish_block()
            self._open.append(tag)
            self._begins_item = self._begins_item or tag == "li"
            self._numbered_from = given.get("start") or self._numbered_from

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            target = self._targets.pop() if self._targets else None
            if target is not None:
                self._text.append(f" (link:\u00a0{'%20'.join(target.split())}) ")
        elif not self._cells or tag in {"table", "tr"}:
            self.finish_block()
            if tag in self._open:
                del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        self._text.append(re.sub(r"\s+", " ", data))

    def finish_block(self) -> None:
        text = re.sub(" +", " ", "".join(self._text)).strip(" ")
        if text:
            self.blocks.append(Block(self._label(), text))
            self._begins_item, self._numbered_from = False, ""
        self._text, self._cells = [], []

    def _label(self) -> str:
        if self._cells:
            return _row(self._cells)
        lists = [tag for tag in self._open if tag in ITEMS]
        heading = next((HEADINGS[tag] for tag in self._open if tag in HEADINGS), "")
        if not lists:
            return heading or PARAGRAPH
        return "".join(
            [
                ITEMS[lists[-1]],
                f", level {len(lists)}" if len(lists) > 1 else "",
                f", numbered from {self._numbered_from}" if self._numbered_from else "",
                "" if self._begins_item else ", continued",
                f": {heading.lower()}" if heading else "",
            ]
        )


def _row(cells: list[str]) -> str:
    """A row of a table, by which of its cells are headings."""
    headings = [str(place) for place, tag in enumerate(cells, start=1) if tag == "th"]
    if len(headings) == len(cells):
        return "Table headings"
    return f"Table row, heading in column {', '.join(headings)}" if headings else "Table row"


def _spans(given: dict[str, str | None]) -> list[str]:
    """What is said before a cell that covers more than one column or row."""
    words = {"colspan": "columns\u00a0wide", "rowspan": "rows\u00a0high"}
    return [f" ({given[name]}\u00a0{what}) " for name, what in words.items() if given.get(name)]
