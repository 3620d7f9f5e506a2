"""Rich text as blocks in plain text, one after the other, for a comparison.

Links, line breaks and the spans of cells are written out, so that they can be compared. Such a mark holds a no-break
space, which the text of an editor does not: no mark can be written by hand.
"""

import re
from dataclasses import dataclass

from conditions import richtext
from conditions.richtext.reading import End, Start, pieces_of

PARAGRAPH = "Paragraph"
HEADINGS = {"h3": "Heading", "h4": "Smaller heading"}
ITEMS = {"ul": "List item", "ol": "Numbered item"}
CELL = " |\u00a0 "
BREAK = " ↵\u00a0 "
IN_CELL = {"p": BREAK, "li": " •\u00a0 ", "h3": " (heading)\u00a0 ", "h4": " (smaller\u00a0heading) "}


@dataclass(frozen=True)
class Block:
    """A paragraph, heading, item or row. The words of a detail (`is_detail`) are no text of the page: not counted."""

    label: str
    text: str
    is_detail: bool = False


def blocks_of(html: str) -> list[Block]:
    """The blocks of rich text as the page shows it: cleaned first."""
    view = _Blocks()
    for piece in pieces_of(richtext.sanitise(html)):
        if isinstance(piece, str):
            view.add_text(re.sub(r"\s+", " ", piece))
        elif isinstance(piece, Start):
            view.start(piece)
        else:
            view.end(piece)
    view.finish_block()
    return view.blocks


class _Blocks:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._open: list[str] = []
        self._links: list[str | None] = []
        self._cells: list[str] = []  # of the current row
        self._begins_item = False
        self._numbered_from = ""

    def add_text(self, text: str) -> None:
        self._text.append(text)

    def start(self, element: Start) -> None:
        tag, given = element.tag, element.attributes
        if tag == "a":
            self._links.append(given.get("href"))
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

    def end(self, element: End) -> None:
        if element.tag == "a":
            target = self._links.pop()
            if target is not None:
                self._text.append(f" (link:\u00a0{'%20'.join(target.split())}) ")
        elif not self._cells or element.tag in {"table", "tr"}:
            self.finish_block()
            if element.tag in self._open:
                del self._open[len(self._open) - 1 - self._open[::-1].index(element.tag) :]

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
    """The label of a table's row, with the places of its headings."""
    headings = [str(place) for place, tag in enumerate(cells, start=1) if tag == "th"]
    if len(headings) == len(cells):
        return "Table headings"
    return f"Table row, heading in column {', '.join(headings)}" if headings else "Table row"


def _spans(given: dict[str, str | None]) -> list[str]:
    """The words before a cell that covers more than one column or row."""
    words = {"colspan": "columns\u00a0wide", "rowspan": "rows\u00a0high"}
    return [f" ({given[name]}\u00a0{unit}) " for name, unit in words.items() if given.get(name)]
