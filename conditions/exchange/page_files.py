"""A page file: a condition as a file that a person can read, in the form of the starter content.

`from_condition` and `from_content` make the page file, `to_yaml` writes its text and `read` reads it. Reading the text
gives the same page file, but for white space between blocks of rich text, which the text lays out afresh.
`workingcopy.write` makes a working copy of it.
"""

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import yaml
from django.core.files.storage import default_storage
from django.utils.text import slugify

from conditions.choices import SectionKind, TagKind
from conditions.composing import Content, compose
from conditions.exchange.files import ExchangeFile, shown
from conditions.models import Condition
from conditions.parts import PARTS, Part, Shape, of_shape
from conditions.richtext.layout import with_layout

PageFile = dict[str, Any]

TAG_FIELDS = {"symptoms": TagKind.SYMPTOM, "body_areas": TagKind.BODY_AREA, "specialties": TagKind.SPECIALTY}
REQUIRED = {"slug", "name", "summary", "sections", "sources"}
SECTION = {"kind": "kind", "heading": "heading", "body": "html"}  # here, and in an edition
SOURCE = ["title", "publisher", "url", "seen"]
NAMED_IN_A_SOURCE = {"title", "publisher"}
ON_ONE_LINE = {part.in_file for part in of_shape(Shape.NAMES, Shape.PAGES)} | TAG_FIELDS.keys()


def names_of(part: Part) -> list[str]:
    """The names of a part in a file: each kind of tag has one of its own."""
    return list(TAG_FIELDS) if part.shape == Shape.TAGS else [part.in_file]


def _place(part: Part) -> float:
    """The place of a part in a file: as on the page, but for the address, the tags, and the picture, which is long."""
    keys = [other.key for other in PARTS]
    moved = {"slug": -1, "tags": keys.index("key_facts") + 0.5, "picture": len(keys)}
    return moved.get(part.key, keys.index(part.key))


IN_ORDER = sorted(PARTS, key=_place)
ORDER = [name for part in IN_ORDER for name in names_of(part)]
ORDER.insert(-1, "review_months")


def from_condition(condition: Condition) -> PageFile:
    """The file of a working copy, with the months that its review lasts."""
    return _in_order(from_content(compose(condition)) | {"review_months": condition.review_months})


def from_content(content: Content) -> PageFile:
    """The file of an edition. The picture is left without its content when its file is missing."""
    page_file: PageFile = {}
    for part in PARTS:
        value = content[part.key]
        if part.shape == Shape.TAGS:
            page_file |= {name: [_tag(**tag) for tag in value[kind]] for name, kind in TAG_FIELDS.items()}
        else:
            page_file[part.in_file] = WRITERS[part.shape](value) if part.shape in WRITERS else value
    return _in_order(page_file)


def read(file: ExchangeFile) -> PageFile:
    """The page file that an upload or a starter file holds, each value checked for its form. Raises ExchangeError.

    A picture of a starter file must lie in the folder. That of an upload is inside the file, or may be on this site.
    """
    file.check_names(file.data, "", required=REQUIRED, allowed=set(ORDER))
    page_file: PageFile = {}
    for part in IN_ORDER:
        page_file |= {name: READERS[part.shape](file, name) for name in names_of(part)}
    return _in_order(page_file | {"review_months": _read_months(file)})


def to_yaml(page_file: PageFile) -> str:
    """The text of a page file: equal page files give equal texts, with a block of rich text in each line."""
    return yaml.dump(
        {name: _styled(name, value) for name, value in page_file.items()},
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=float("inf"),
    )


def _in_order(page_file: PageFile) -> PageFile:
    """The names in the order of a file, without empty values."""
    kept = REQUIRED | {"featured"}
    return {name: page_file[name] for name in ORDER if page_file.get(name) or (name in kept and name in page_file)}


def _tag(name: str, slug: str) -> str | dict[str, str]:
    """A tag as its name, and its address too where that does not follow from the name."""
    return name if slugify(name) == slug else {"name": name, "slug": slug}


def _source(texts: dict[str, str]) -> dict[str, str]:
    return {name: texts[name] for name in SOURCE if texts[name] or name in NAMED_IN_A_SOURCE}


def _picture_of(stored: dict[str, Any]) -> dict[str, Any]:
    picture = _described(PurePath(stored["file"]).name, stored["alt"], stored["decorative"])
    try:
        with default_storage.open(stored["file"]) as file:
            return picture | {"content": file.read()}
    except OSError:
        return picture


def _described(file: str, alt: str, decorative: bool) -> dict[str, Any]:
    return {"file": file, **({"alt": alt} if alt else {}), "decorative": decorative}


def _read_tags(file: ExchangeFile, name: str) -> list[str | dict[str, str]]:
    both = {"name", "slug"}
    tags: list[str | dict[str, str]] = []
    for number, tag in enumerate(file.listed(name, " of texts"), 1):
        where = f"{name}[{number}]"
        if isinstance(tag, dict):
            file.check_names(tag, f"{where}.", required=both, allowed=both)
            tags.append(_tag(**{part: file.line(tag, part, f"{where}.") for part in both}))
        else:
            tags.append(file.one_line(tag, where))
    return tags


def _read_sections(file: ExchangeFile, name: str) -> list[dict[str, str]]:
    names = set(SECTION)
    sections = []
    for where, part in file.items(name, required=names, allowed=names):
        kind = file.line(part, "kind", where)
        if kind not in SectionKind.values:
            raise file.refuse(f"{where}kind", f"“{shown(kind)}” is not one of {', '.join(SectionKind.values)}")
        heading, body = file.line(part, "heading", where), file.rich_text(part, "body", where)
        sections.append({"kind": kind, "heading": heading, "body": body})
    return sections


def read_questions(file: ExchangeFile, name: str) -> list[dict[str, str]]:
    """The questions of a condition; without a name, of a file that is a list of questions. Raises ExchangeError."""
    names = {"question", "answer"}
    return [
        {"question": file.line(part, "question", where), "answer": file.rich_text(part, "answer", where)}
        for where, part in file.items(name, required=names, allowed=names)
    ]


def _read_sources(file: ExchangeFile, name: str) -> list[dict[str, str]]:
    return [
        _source({field: file.line(part, field, where) for field in SOURCE})
        for where, part in file.items(name, required=NAMED_IN_A_SOURCE, allowed=set(SOURCE))
    ]


def _read_months(file: ExchangeFile) -> int | None:
    months = file.line(file.data, "review_months")
    if months and not re.fullmatch("[1-9][0-9]{0,3}", months):
        raise file.refuse("review_months", "must be a whole number of months, at least 1")
    return int(months) if months else None


def _read_picture(file: ExchangeFile, field: str) -> dict[str, Any] | None:
    data = file.data.get(field)
    if data is None:
        return None
    file.check_names(data, "picture.", required={"file"}, allowed={"file", "alt", "decorative", "content"})
    name = PurePath(file.line(data, "file", "picture.")).name
    alt, decorative = file.line(data, "alt", "picture."), file.flag(data, "decorative", "picture.")
    picture = _described(name, alt, decorative)
    if "content" in data:
        if not isinstance(data["content"], bytes):
            raise file.refuse("picture.content", "must be the picture itself, as “!!binary”")
        return picture | {"content": data["content"]}
    if file.pictures is None:
        return picture
    try:
        return picture | {"content": (file.pictures / name).read_bytes()}
    except OSError as error:
        raise file.refuse("picture.file", f"pictures/{name} cannot be read") from error


def _addresses(keys: list[int]) -> list[str]:
    """The addresses of the related pages that are still there."""
    slugs = dict(Condition.objects.filter(pk__in=keys).values_list("pk", "slug"))
    return [slugs[pk] for pk in keys if pk in slugs]


# A shape without a writer is in a file as it is in an edition.
WRITERS: dict[Shape, Callable[[Any], Any]] = {
    Shape.SECTIONS: lambda parts: [{name: part[key] for name, key in SECTION.items()} for part in parts],
    Shape.QUESTIONS: lambda parts: [{"question": part["question"], "answer": part["html"]} for part in parts],
    Shape.SOURCES: lambda parts: [_source(part) for part in parts],
    Shape.PAGES: _addresses,
    Shape.PICTURE: lambda picture: picture and _picture_of(picture),
}
READERS: dict[Shape, Callable[[ExchangeFile, str], Any]] = {
    Shape.LINE: lambda file, name: file.line(file.data, name),
    Shape.ADDRESS: lambda file, name: file.line(file.data, name),
    Shape.LINES: lambda file, name: file.texts(name),
    Shape.NAMES: lambda file, name: file.texts(name),
    Shape.PAGES: lambda file, name: file.texts(name),
    Shape.FLAG: lambda file, name: file.flag(file.data, name),
    Shape.PICTURE: _read_picture,
    Shape.TAGS: _read_tags,
    Shape.SECTIONS: _read_sections,
    Shape.QUESTIONS: read_questions,
    Shape.SOURCES: _read_sources,
}


class _OneLine(list):
    """A list that is written on one line."""


class _Lines(str):
    """Text that is written line by line."""


class _Dumper(yaml.SafeDumper):
    """Writes every part out, and indents lists below their name."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)


_Dumper.add_representer(
    _OneLine, lambda dumper, words: dumper.represent_sequence("tag:yaml.org,2002:seq", words, flow_style=True)
)
_Dumper.add_representer(_Lines, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|"))


def _styled(name: str, value: Any) -> Any:
    """A value in its layout: short words beside each other, rich text line by line."""
    if name in ON_ONE_LINE:
        return _OneLine(value)
    if name in {"sections", "faqs"}:
        return [{key: _styled(key, text) for key, text in part.items()} for part in value]
    return _Lines(with_layout(value) + "\n") if name in {"body", "answer"} else value
