"""Rich text in a file: each block on a line of its own, for readers and for comparisons of two files."""

import re

BLOCK = r"</?(?:p|h3|h4|ul|ol|li|table|thead|tbody|tr|th|td)\b[^<>]*>"
HOLDERS = {"ul", "ol", "table", "thead", "tbody", "tr"}
MAX_INDENT = 10  # however deep the lists go
_BLOCK = re.compile(BLOCK)
_BETWEEN = re.compile(rf"({BLOCK})\s+(?={BLOCK})")
_ITEM = re.compile(r"<(?:li|td|th)\b")


def without_layout(html: str) -> str:
    """Rich text as the editor keeps it: white space between blocks belongs to the file, and shows on no page."""
    return _BETWEEN.sub(r"\1", html).strip()


def with_layout(html: str) -> str:
    """Rich text, line by line; `without_layout` takes the lines together again.

    An item of a list or a cell of a table shares its line with its first block.
    """
    html = without_layout(html)
    parts: list[str] = []
    depth = end = 0
    before = ""
    for block in _BLOCK.finditer(html):
        tag = block[0]
        closes, holds = tag.startswith("</"), tag.strip("</>").split()[0] in HOLDERS
        depth -= closes and holds
        parts.append(html[end : block.start()])
        follows = before and block.start() == end
        if follows and (holds or not closes) and not _ITEM.match(before):
            parts.append("\n" + "  " * min(max(depth, 0), MAX_INDENT))
        parts.append(tag)
        depth += holds and not closes
        before, end = tag, block.end()
    return "".join([*parts, html[end:]])
