"""Rich text: what it may hold, and the one place where HTML is declared safe.

Allowed are paragraphs, headings below a section's own (h3, h4), lists, tables and links. Text is cleaned when an
editor saves it and again when an edition is composed, so that it does not matter which way it came in.
"""

import json
import re
from html.parser import HTMLParser
from typing import Any

import nh3
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

EDITOR_EXTENSIONS = {
    "Heading": {"levels": [3, 4]},
    "BulletList": True,
    "OrderedList": True,
    "ListItem": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto", "tel"]},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
}

TAGS = {"p", "h3", "h4", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "br"}
ATTRIBUTES = {"a": {"href"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}, "ol": {"start"}}


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Drop links that only look like a path of ours: browsers take //x and /\\x for another site."""
    return None if name == "href" and re.match(r"[/\\\\]{2}", value.strip()) else value


_cleaner = nh3.Cleaner(
    tags=TAGS,
    attributes=ATTRIBUTES,
    url_schemes={"http", "https", "mailto", "tel"},
    attribute_filter=_attribute,
    link_rel=None,
    clean_content_tags={"script", "style", "iframe", "object", "template", "svg", "math", "noscript"},
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u2028\u2029]")
_EMPTY = re.compile(r"<(p|h3|h4|li)>(?:\s|&nbsp;|<br>)*</\1>")


def sanitise(html: str) -> str:
    """Rich text with everything removed that is not allowed; scripts go with what they hold, other tags leave it.

    Sanitising twice gives the same as once, so a preview and the page made from it cannot differ.
    """
    clean = _cleaner.clean(_CONTROL.sub("", html))
    while (emptied := _EMPTY.sub("", clean)) != clean:
        clean = emptied
    return clean.strip()


def validate_says_something(html: str) -> None:
    """Raises ValidationError when nothing to read is left of rich text once it is cleaned."""
    if not plain_text(sanitise(html)):
        raise ValidationError("Write some text here: what was pasted holds nothing that a page may show.")


def plain_line(text: str) -> str:
    """One line of plain text: control characters gone, runs of white space made one space."""
    return " ".join(_CONTROL.sub("", text).split())


def web_address(text: str) -> str:
    """An address on the web; nothing where it is something else, such as code that a browser would run."""
    address = plain_line(text)
    return address if address.lower().startswith(("http://", "https://")) else ""


def plain_lines(text: str) -> list[str]:
    """The lines of a field that takes one thing a line; blank lines are dropped."""
    return [line for line in map(plain_line, text.splitlines()) if line]


def safe(html: str) -> SafeString:
    """Rich text, ready for a template. It is cleaned here too: nothing is trusted for where it was stored."""
    return mark_safe(sanitise(html))  # noqa: S308 - this is the place that sanitises


def safe_page(html: str) -> SafeString:
    """Rich text that is a whole page and no section of one: its headings stand one level higher, under the title."""
    raised = re.sub(r"(</?)h([34])>", lambda tag: f"{tag[1]}h{int(tag[2]) - 1}>", sanitise(html))
    return mark_safe(raised)  # noqa: S308 - cleaned in the line above


def safe_json(data: Any) -> SafeString:
    """JSON for a script element: no character in it can end the element (HTML standard, 4.12.1.3)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_JSON_ESCAPES))  # noqa: S308 - every character that could end the script is escaped


def marked(text: str, spans: list[tuple[int, int]]) -> SafeString:
    """Plain text, escaped, with the stretches `spans` (start and end, in order, apart) in <mark>."""
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
        done = end
    return mark_safe("".join([*parts, escape(text[done:])]))  # noqa: S308 - all of the text is escaped


_JSON_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def plain_text(html: str) -> str:
    """The visible words of rich text, blocks separated by a space."""
    reader = _Reader()
    reader.feed(html)
    return " ".join(" ".join(reader.blocks).split())


def points(html: str) -> list[str]:
    """What a section names one by one: its h3 headings, or the items of its lists where it has no heading."""
    reader = _Reader()
    reader.feed(html)
    return [" ".join(text.split()).rstrip(".;,") for text in reader.headings or reader.items if text.strip()]


class _Reader(HTMLParser):
    """Collects the visible text of a piece of rich text."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self.headings: list[str] = []
        self.items: list[str] = []
        self._open: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.blocks.append("")
        if tag in {"h3", "li"}:
            self._open.append([tag, ""])

    def handle_endtag(self, tag: str) -> None:
        if tag != "a":
            self.blocks.append("")
        if tag in {"h3", "li"} and self._open and self._open[-1][0] == tag:
            _, text = self._open.pop()
            (self.headings if tag == "h3" else self.items).append(text)

    def handle_data(self, data: str) -> None:
        self.blocks[-1] += data
        for element in self._open:
            element[1] += data
