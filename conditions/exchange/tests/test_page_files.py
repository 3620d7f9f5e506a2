"""A condition as a file: a written file can be read again, and any other is refused with a message."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from conditions import richtext
from conditions.composing import compose
from conditions.exchange import page_files
from conditions.exchange.files import MAX_BYTES, ExchangeError, ExchangeFile
from conditions.models import Tag
from conditions.richtext.layout import with_layout, without_layout
from conditions.starter import loading
from conditions.tests.factories import make_condition
from conditions.tests.generated import as_anybody_writes, as_the_editor_writes, bodies, made, working_copies

pytestmark = pytest.mark.django_db

GOOD = {
    "slug": "gout",
    "name": "Gout",
    "summary": "Crystals in a joint.",
    "sections": [{"kind": "overview", "heading": "What is it?", "body": "<p>Crystals.</p>"}],
    "sources": [{"title": "A textbook", "publisher": "A publisher"}],
}


def upload(content: bytes | str | dict[str, Any]) -> page_files.PageFile:
    """The page file of an upload."""
    text = yaml.safe_dump(content, allow_unicode=True) if isinstance(content, dict) else content
    return page_files.read(ExchangeFile.parse("gout.yaml", text if isinstance(text, bytes) else text.encode()))


@given(working_copies(as_the_editor_writes), st.integers(0, 2))
def test_a_written_page_file_reads_as_the_same(fields, related):
    page_file = page_files.from_condition(made(fields, related))
    text = page_files.to_yaml(page_file)
    assert upload(text) == page_file
    assert page_files.to_yaml(upload(text)) == text


@given(bodies(as_anybody_writes))
def test_laying_rich_text_out_changes_white_space_between_blocks_only(html):
    assert without_layout(with_layout(html)) == without_layout(html)
    assert "".join(with_layout(html).split()) == "".join(html.split())
    assert richtext.plain_text(with_layout(html)) == richtext.plain_text(html)


def rich_lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line.startswith("<")]


@pytest.mark.parametrize("path", sorted(loading.FOLDER.glob("*-*.yaml")), ids=lambda path: path.stem)
def test_the_starter_content_is_in_this_form(path: Path):
    page_file = page_files.read(ExchangeFile.at(path))
    assert upload(page_files.to_yaml(page_file)) == page_file
    assert rich_lines(page_files.to_yaml(page_file)) == rich_lines(path.read_text())


GOUT = """\
slug: gout
name: Gout
also_known_as: [Podagra, 'Yes']
summary: 'Crystals: in a joint.'
key_facts:
  - It hurts.
  - It can be treated.
symptoms: [Pain, {name: Stiffness, slug: stiff}]
sections:
  - kind: overview
    heading: Overview
    body: |
      <p>One “word”.</p>
      <ul>
        <li>a</li>
        <li><p>b</p></li>
      </ul>
sources:
  - title: A textbook of calcium
    publisher: A publisher
    url: https://example.org/
    seen: last update May 2024
featured: false
picture:
  file: a.svg
  alt: A joint
  decorative: false
  content: !!binary |
    PHN2Zy8+
"""


def test_a_file_is_written_as_a_person_would_write_it():
    condition = make_condition(
        name="Gout",
        summary="Crystals: in a joint.",
        aliases=["Podagra", "Yes"],
        key_facts="It hurts.\nIt can be treated.",
        tags=[("symptom", "Pain"), ("symptom", "Stiffness")],
        sections={"overview": "<p>One “word”.</p><ul><li>a</li><li><p>b</p></li></ul>"},
        picture=default_storage.save("conditions/a.svg", ContentFile(b"<svg/>")),
        picture_alt="A joint",
    )
    condition.sources.update(url="https://example.org/", seen="last update May 2024")
    Tag.objects.filter(name="Stiffness").update(slug="stiff")
    content = compose(condition) | {
        "picture": {"file": "conditions/a.svg", "alt": "A joint", "decorative": False, "width": 4, "height": 3}
    }
    assert page_files.to_yaml(page_files.from_content(content)) == GOUT


LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (LAUGHS, "line 2 points to another part with “[*]”"),
        ("[" * 10_000, "line 1 is nested too deeply"),
        ("- " * 10_000, "line 1 is nested too deeply"),
        ("{a: " * 10_000, "line 1 is nested too deeply"),
        ("[" + "a," * 30_000, "more than 20,000 values"),
        (b"name: \xff\xfe", "not a text in UTF-8"),
        ("name: Gout".encode("utf-16"), "not a text in UTF-8"),
        ("name: a\x00b", "holds the character U[+]0000"),
        ('name: "a\\0b"\n' + "slug: a\nsummary: b\nsections: []\nsources: []", "name: holds the character U[+]0000"),
        ('name: "\\ud800"\n' + "slug: a\nsummary: b\nsections: []\nsources: []", "name: holds the character U[+]D800"),
        ('"\\ud800": 1\nslug: a\nname: a\nsummary: b\nsections: []\nsources: []', "[?]: is not a field of this file"),
        ("name: One\nname: Two", "“name” stands there twice"),
        ("name: !!python/object/apply:os.system [id]", "line 1 gives a type"),
        ("name: !!bool maybe", "line 1 gives a type"),
        ("picture: !!binary x", "cannot be read: failed to decode base64"),
        ("- Gout", "must hold names and values"),
        ("Gout", "must hold names and values"),
        ("", "must hold names and values"),
        ("name: a\n--- \nname: b", "another document, in line 2"),
        ("name: [", "cannot be read: .* in line 1"),
        ("? [a]\n: b", "cannot be read: found unhashable key, in line 1"),
        (b"#" * (MAX_BYTES + 1), "is larger than 3 MB"),
    ],
)
def test_a_file_of_another_kind_is_refused_in_words(content, why):
    with pytest.raises(ExchangeError, match=rf"^gout.yaml: .*{why}") as caught:
        upload(content)
    str(caught.value).encode()


def test_a_word_processors_byte_order_mark_is_read():
    text = "\ufeff" + page_files.to_yaml(GOOD).replace("\n", "\r\n")
    assert upload(text.encode()) == upload(GOOD)


def test_dates_and_numbers_are_the_text_that_was_written():
    text = yaml.safe_dump(GOOD | {"sources": []}).replace("sources: []", "")
    page_file = upload(text + "sources: [{title: 1984, publisher: A publisher, seen: 2024-05-01}]")
    assert page_file["sources"] == [{"title": "1984", "publisher": "A publisher", "seen": "2024-05-01"}]
