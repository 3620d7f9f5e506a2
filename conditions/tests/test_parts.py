"""The list of a page's parts: each part is known to all that reads, writes, checks, finds or compares a page."""

import pytest

from conditions import lint
from conditions.admin.conditions import ConditionAdmin
from conditions.compare.comparing import compare
from conditions.composing import COMPOSERS, FORMAT, compose
from conditions.editing import drafting, workingcopy
from conditions.exchange import page_files
from conditions.exchange.files import ExchangeFile
from conditions.models import Condition, SearchDocument
from conditions.parts import PARTS, ROWS, Part, Shape
from conditions.publishing.tests.test_pictures import drawing
from conditions.reports.desk import FORM_IDS
from conditions.tests.factories import make_condition, make_live

pytestmark = pytest.mark.django_db


def full_page(**changes) -> Condition:
    """A working copy with something in each part."""
    fields = {
        "name": "Gout",
        "slug": "gout",
        "aliases": ["Podagra"],
        "summary": "Summaryword.",
        "key_facts": "Factword.",
        "emergency_signs": "you have a signword",
        "picture": drawing(),
        "picture_alt": "Altword",
        "sections": {"overview": "<p>Bodyword.</p>"},
        "faqs": {"Questionword?": "<p>Answerword.</p>"},
        "sources": ["Sourceword"],
        "tags": [("symptom", "Tagword")],
        "related": [make_condition(name="Lupus")],
        "featured": True,
    }
    return make_condition(**fields | changes)


def ids(part: Part) -> str:
    return part.key


def test_composing_knows_every_part_and_nothing_else():
    content = compose(full_page())
    assert content.keys() == {"format", *(part.key for part in PARTS)}
    assert content["format"] == FORMAT
    assert all(content.values())


def test_every_shape_is_composed():
    assert COMPOSERS.keys() == set(Shape)
    assert {part.shape for part in PARTS} == set(Shape)


@pytest.mark.parametrize("part", PARTS, ids=ids)
def test_a_comparison_shows_a_part_that_is_new_under_its_own_name(part):
    content = compose(full_page())
    empty = {key: [] if isinstance(value, list) else None for key, value in content.items()} | {"tags": {}}
    shown = compare(empty, empty | {part.key: content[part.key]}).changed
    assert len(shown) == 1
    assert shown[0].label.startswith(part.label)


@pytest.mark.parametrize("part", PARTS, ids=ids)
def test_a_page_file_brings_a_part_to_another_working_copy(part):
    condition = full_page()
    content = compose(condition)
    text = page_files.to_yaml(page_files.from_content(content))
    Condition.objects.filter(pk=condition.pk).delete()
    read = page_files.read(ExchangeFile.parse("gout.yaml", text.encode()))
    written = workingcopy.write(read, file="gout.yaml").condition
    assert compose(written)[part.key] == content[part.key]


@pytest.mark.parametrize("part", [part for part in PARTS if part.checked_as], ids=ids)
def test_the_checks_read_the_words_of_a_part(part):
    content = compose(full_page()) | {"sources": [{"title": "T", "publisher": "P", "url": "/x/", "seen": ""}]}
    found = [each for each in lint.parts_of(content) if each.place.startswith(part.checked_as)]
    assert [bool(each.blocks or each.links) for each in found] == [True]


@pytest.mark.parametrize("part", [part for part in PARTS if part.searched], ids=ids)
def test_search_finds_the_words_of_a_part(part):
    condition = make_live(
        name="Gout",
        summary="Summaryword",
        sections={"overview": "<p>Bodyword.</p>"},
        aliases=["Podagra"],
        key_facts="Factword.",
    )
    document = SearchDocument.objects.get(condition=condition, kind="condition")
    words = {"aliases": "Podagra", "key_facts": "Factword", "sections": "Overview"}
    word = words.get(part.key, getattr(condition, part.field, ""))
    assert str(word).strip(".").casefold() in getattr(document, part.searched).casefold()


def test_the_form_has_a_field_or_a_group_of_rows_for_each_part():
    fields = {name for _, options in ConditionAdmin.fieldsets for name in options["fields"]}
    rows = {
        inline.model._meta.get_field("condition").remote_field.get_accessor_name() for inline in ConditionAdmin.inlines
    }
    assert [part.key for part in PARTS if part.field not in fields | rows] == []
    assert set(FORM_IDS) == {part.place for part in PARTS if part.place}


@pytest.mark.parametrize("name", ROWS)
def test_the_fingerprint_of_a_working_copy_covers_its_rows(name):
    condition = full_page()
    before = drafting.fingerprint(condition)
    rows = getattr(condition, name)
    rows.clear() if name in {"tags", "related"} else rows.all().delete()
    assert drafting.fingerprint(condition) != before
