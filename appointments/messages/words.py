"""The words of an e-mail: one template, which is its HTML part. The subject and the text part are read from it.

The template is rendered with Django's escaping, so that input of patients and clinicians is never markup. The text
part supports the elements used by the templates: `p`, `br`, `strong`, `div.foot` (after a signature line),
`ul.details` (a column of labels) and `a.action`, whose address follows on its own line. `data-text` of a link replaces
the words of the button in the text part.
"""

import html
import re
from html.parser import HTMLParser
from typing import Any, NamedTuple

from django.template.loader import render_to_string

LABEL_CHARACTERS = 11  # the column of labels in a list of details
LINE_BREAKS = re.compile(r"[ \t]*[\n\r\f][ \t\n\r\f]*")  # of the template; in values they are elements
DOCTYPE = "<!DOCTYPE html>"


class Words(NamedTuple):
    subject: str
    text: str
    html: str


def render(template: str, context: dict[str, Any]) -> Words:
    """Render an e-mail. The subject stands in the template's block of that name, before the document."""
    subject, _, document = render_to_string(template, context).partition(DOCTYPE)
    return Words(html.unescape(subject).strip(), as_text(document), DOCTYPE + document)


def as_text(document: str) -> str:
    """The text part of an e-mail's HTML."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return re.sub("\n{3,}", "\n\n", reader.text).strip() + "\n"


class _Reader(HTMLParser):
    """Writes the body of an e-mail as lines of text."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.is_silent = True  # until the body begins, and in the letterhead: the signature names the clinic
        self.after_paragraph = "\n\n"
        self.indent = ""
        self.action: tuple[int, dict[str, str | None]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        match tag, known.get("class"):
            case "body", _:
                self.is_silent = False
            case "p", "clinic":
                self.is_silent = True
            case "div", "foot":
                self.text, self.after_paragraph = f"{self.text}--\n", "\n"
            case "li", _:
                self.indent = " " * LABEL_CHARACTERS
            case ("br", _) | ("p", _) if tag == "br" or self.indent:
                self._break_line()
            case "a", "action":
                self.action = len(self.text), known

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "p" if not self.indent:
                self.is_silent = False
                self.text = self.text.rstrip(" ") + self.after_paragraph
            case "li":
                self.indent = ""
                self._break_line()
            case "ul":
                self._break_line()
            case "strong" if self.indent:
                label = self.text.rpartition("\n")[2]
                self.text += " " * (LABEL_CHARACTERS - len(label))
            case "a" if self.action:
                self._write_address(*self.action)

    def handle_data(self, data: str) -> None:
        if self.is_silent:
            return
        words = LINE_BREAKS.sub(" ", data)
        is_layout = self.indent or LINE_BREAKS.match(data)
        self.text += words.lstrip(" ") if is_layout and self.text.endswith((" ", "\n")) else words

    def _break_line(self) -> None:
        self.text = f"{self.text.rstrip(' ')}\n{self.indent}"

    def _write_address(self, start: int, link: dict[str, str | None]) -> None:
        """Put a link's address below its words."""
        words = link.get("data-text") or self.text[start:].strip()
        self.text, self.action = f"{self.text[:start]}{words}:\n{link['href']}", None
