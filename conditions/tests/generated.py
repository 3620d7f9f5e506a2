"""Generated working copies: words by people and machines, and hard cases of YAML, HTML and Unicode."""

from typing import Any

from django.core.files.storage import default_storage
from hypothesis import strategies as st

from conditions import pictures, richtext
from conditions.choices import SectionKind
from conditions.models import Condition, Tag
from conditions.publishing.tests.test_pictures import drawing
from conditions.tests.factories import make_condition

ALONE = ["null", "yes", "1984", "2024-05-01", "1_000", "0x1F", "1e3", "12:30"]
HARD = [*"é李🧠\ufeff\u200b\ufffe\\:#-?'\"{[,%@`|", "<b>", "&amp;", "a:b", "}]", "*z", "&z", "!z", ">-", "x" * 30]
WORDS = st.lists(st.sampled_from([*HARD, *ALONE]), max_size=2)
LINES = st.sampled_from(ALONE) | st.tuples(WORDS, WORDS).map(lambda parts: " ".join([*parts[0], "W", *parts[1]]))
TEXTS = LINES.map(lambda line: line.replace("&", "&amp;").replace("<", "&lt;"))
LINKS = st.just("<p>One\n  two\t<a href='/faqs/'>three</a> <a href='tel:1'>four</a></p>")
PARAGRAPHS = TEXTS.map("<p>{}</p>".format) | LINKS
ITEMS = (TEXTS | PARAGRAPHS).map("<li>{}</li>".format)
LISTS = st.lists(ITEMS | ITEMS.map("<li>more<ol start='3'>{}</ol></li>".format), min_size=1, max_size=2)
TABLES = TEXTS.map("<table><tbody><tr><th colspan='2'>a</th><td><p>{}</p><p>b</p></td></tr></tbody></table>".format)
BLOCKS = PARAGRAPHS | LISTS.map("".join).map("<ul>{}</ul>".format) | TABLES | TEXTS.map("<h3>{}</h3>".format) | TEXTS
TAGS = st.sampled_from([("symptom", "Pain"), ("symptom", "Sore joints"), ("body_area", "Brain")])
DRAWINGS = [drawing(), drawing("<path/>")]

as_the_editor_writes = st.just("")  # between blocks of rich text
as_anybody_writes = st.sampled_from(["", "\n", "\n  ", " ", "\n\n"])


def lines(size: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(LINES, max_size=size, unique=True)


def bodies(between: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.tuples(between, st.lists(BLOCKS, min_size=1, max_size=3))
    return parts.map(lambda parts: richtext.sanitise(parts[0].join(parts[1])))


def working_copies(between: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of `make_condition`; `between` is the white space between blocks of rich text."""
    return st.fixed_dictionaries(
        {
            "summary": LINES,
            "aliases": lines(),
            "key_facts": lines().map("\n".join),
            "emergency_signs": lines().map("\r\n".join),
            "featured": st.booleans(),
            "sections": st.dictionaries(st.sampled_from(SectionKind.values), bodies(between), max_size=2),
            "faqs": st.dictionaries(LINES, bodies(between), max_size=2),
            "tags": st.lists(TAGS, unique=True),
            "sources": lines(),
            "picture": st.sampled_from(["", *map(pictures.stored_name, DRAWINGS)]),
            "picture_alt": LINES,
            "picture_decorative": st.booleans(),
            "review_months": st.integers(1, 36),
        }
    )


def made(fields: dict[str, Any], related: int = 0) -> Condition:
    """The working copy on an otherwise empty site. The address of one of its tags does not follow from its name."""
    Condition.objects.all().delete()
    Tag.objects.all().delete()
    for picture in DRAWINGS:
        if not default_storage.exists(pictures.stored_name(picture)):
            default_storage.save(pictures.stored_name(picture), picture)
    others = [make_condition(name=f"Other {number}") for number in range(related)]
    condition = make_condition(name="Gout", related=others, **fields)
    condition.tags.create(kind="specialty", name="骨科", slug="orthopaedics")
    return condition
