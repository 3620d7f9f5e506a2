"""Rich text: the elements that it may contain, and the one place where HTML is declared safe.

Allowed are paragraphs, headings below a section's own (h3, h4), lists, tables and links. Text is cleaned when an
editor saves it and again when an edition is composed, so text that came in another way is clean too.
"""

import json
import re
from typing import Any

import nh3
from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from conditions.richtext.reading import Start, pieces_of

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
    """Rich text with everything removed that is not allowed: scripts with their content, other elements without it.

    Sanitising twice gives the same as once, so a preview and the page made from it cannot differ.
    """
    clean = _cleaner.clean(_CONTROL.sub("", html))
    while (emptied := _EMPTY.sub("", clean)) != clean:
        clean = emptied
    return clean.strip()


def validate_says_something(html: str) -> None:
    """Raises ValidationError when cleaned rich text has no words."""
    if not plain_text(sanitise(html)):
        raise ValidationError("Write some text here: what was pasted holds nothing that a page may show.")


def plain_line(text: str) -> str:
    """One line of plain text: control characters gone, runs of white space made one space."""
    return " ".join(_CONTROL.sub("", text).split())


def web_address(text: str) -> str:
    """An address on the web; "" for anything else, such as code that a browser would run."""
    address = plain_line(text)
    return address if address.lower().startswith(("http://", "https://")) else ""


def plain_lines(text: str) -> list[str]:
    """The lines of a field that takes one thing a line; blank lines are dropped."""
    return [line for line in map(plain_line, text.splitlines()) if line]


def safe(html: str) -> SafeString:
    """Rich text, ready for a template. Cleaned here too: stored text is not trusted."""
    return mark_safe(sanitise(html))  # noqa: S308 - this is the place that sanitises


def safe_page(html: str) -> SafeString:
    """Rich text that is a whole page: its headings are one level higher than in a section, under the title."""
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
    parts = (piece if isinstance(piece, str) else "" if piece.tag == "a" else " " for piece in pieces_of(html))
    return " ".join("".join(parts).split())


def points(html: str) -> list[str]:
    """The points that a section lists: its h3 headings, or the items of its lists where it has no heading."""
    found: dict[str, list[str]] = {"h3": [], "li": []}
    open_texts: list[list[str]] = []
    for piece in pieces_of(html):
        if isinstance(piece, str):
            for texts in open_texts:
                texts.append(piece)
        elif piece.tag in found:
            if isinstance(piece, Start):
                open_texts.append([])
            else:
                found[piece.tag].append("".join(open_texts.pop()))
    texts = (" ".join(text.split()) for text in found["h3"] or found["li"])
    return [text.rstrip(".;,") for text in texts if text]
