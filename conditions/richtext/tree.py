"""The one reader of rich text: HTML as a tree of elements, of which blocks, passages and plain text are views."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

# HTML standard, 13.1.2, "Void elements": they have no end tag.
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Element:
    """An element with its attributes, and in it text and other elements. The root has no tag."""

    tag: str = ""
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in the element, as it is written."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def spaced_text(self) -> str:
        """All text in the element, with a space where another element but a link begins or ends."""
        parts = (
            child if isinstance(child, str) else child.spaced_text if child.tag == "a" else f" {child.spaced_text} "
            for child in self.children
        )
        return "".join(parts)

    def elements(self, tag: str) -> "Iterator[Element]":
        """The elements with a tag, in the order in which they end."""
        for child in self.children:
            if isinstance(child, Element):
                yield from child.elements(tag)
                if child.tag == tag:
                    yield child


def parse(html: str) -> Element:
    """The tree of rich text. An end tag without its element is ignored."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.path[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.path = [Element()]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.path[-1].children.append(element)
        if tag not in VOID:
            self.path.append(element)

    def handle_endtag(self, tag: str) -> None:
        place = next((place for place in range(len(self.path) - 1, 0, -1) if self.path[place].tag == tag), None)
        if place is not None:
            del self.path[place:]

    def handle_data(self, data: str) -> None:
        self.path[-1].children.append(data)
