"""The parts of a condition's page: one list for all that reads, writes, checks, finds or compares them.

Composing, exchange, the checks, search, the comparison and the reports iterate PARTS, with a handler for each shape. A
further field of a known shape is one line here, beside the model's field and its place in the form and the template.
"""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """The form in which a part is stored."""

    LINE = "line"  # one line of text
    LINES = "lines"  # text with one thing in each line
    FLAG = "flag"  # yes or no
    ADDRESS = "address"  # a slug
    PICTURE = "picture"
    NAMES = "names"  # rows with a name
    SECTIONS = "sections"  # rows with a kind, a heading and rich text
    QUESTIONS = "questions"  # rows with a question and rich text
    SOURCES = "sources"  # rows with a title, a publisher, a link and a date
    TAGS = "tags"  # rows that pages share
    PAGES = "pages"  # other conditions


COLUMNS = {Shape.LINE, Shape.LINES, Shape.FLAG, Shape.ADDRESS}
OWN_ROWS = {Shape.NAMES, Shape.SECTIONS, Shape.QUESTIONS, Shape.SOURCES}
SHARED_ROWS = {Shape.TAGS, Shape.PAGES}


@dataclass(frozen=True)
class Part:
    """One part of the page.

    `key` names it in the content of an edition, `field` on Condition and `in_file` in a page file; both are the key
    unless given. `label` is its name in a comparison, and `checked_as` in the checks, which leave out a part without.
    `place` is its id beside the checks, and on the public page too if `has_anchor`. `element` is the HTML element in
    which the checks read its text. `searched` is the column of the search index that has its words.
    """

    key: str
    shape: Shape
    label: str
    field: str = ""
    in_file: str = ""
    place: str = ""
    has_anchor: bool = False
    checked_as: str = ""
    element: str = "li"
    searched: str = ""

    def __post_init__(self) -> None:
        for name in ("field", "in_file"):
            object.__setattr__(self, name, getattr(self, name) or self.key)

    @property
    def form_id(self) -> str:
        """The id of its field or its group of rows in the admin's form."""
        return f"{self.field}-group" if self.shape in OWN_ROWS else f"id_{self.field}"


# In the order of the page, as a comparison shows them.
PARTS = (
    Part("name", Shape.LINE, "Name", searched="name"),
    Part("slug", Shape.ADDRESS, "Address of the page"),
    Part("aliases", Shape.NAMES, "Other names", in_file="also_known_as", searched="aliases"),
    Part(
        "summary",
        Shape.LINE,
        "Summary",
        place="summary",
        checked_as="Summary",
        element="summary",
        searched="summary",
    ),
    Part(
        "key_facts",
        Shape.LINES,
        "In short",
        place="in-short",
        has_anchor=True,
        checked_as="Key facts",
        searched="summary",
    ),
    Part(
        "care_signs",
        Shape.LINES,
        "When to call for help now",
        field="emergency_signs",
        in_file="emergency_signs",
        place="care-card",
        has_anchor=True,
        checked_as="Emergency care card",
        element="sign",
    ),
    Part("picture", Shape.PICTURE, "Picture", place="picture", checked_as="Picture"),
    Part("sections", Shape.SECTIONS, "Section", checked_as="Section", searched="summary"),
    Part("faqs", Shape.QUESTIONS, "Question", place="faqs", has_anchor=True, checked_as="Question"),
    Part("sources", Shape.SOURCES, "Source", place="sources", has_anchor=True, checked_as="Sources"),
    Part("tags", Shape.TAGS, "Tags"),
    Part("related", Shape.PAGES, "Related pages"),
    Part("featured", Shape.FLAG, "On the home page"),
)
ROWS = tuple(part.field for part in PARTS if part.shape in OWN_ROWS | SHARED_ROWS)


def of_shape(*shapes: Shape) -> list[Part]:
    """The parts of some shapes, in the order of the page."""
    return [part for part in PARTS if part.shape in shapes]
