"""A condition as a file that a person can read, in the form of the starter content.

`from_condition` and `from_content` make the page file, `to_yaml` writes it down and `read` reads it. Reading what was
written gives the same page file, but for white space between blocks of rich text, which the file lays out afresh.
`workingcopy.write` makes a working copy of it.
"""

import re
from pathlib import PurePath
from typing import Any

import yaml
from django.core.files.storage import default_storage
from django.utils.text import slugify

from conditions.choices import SectionKind, TagKind
from conditions.composing import Content, compose
from conditions.exchange.files import ExchangeFile, shown
from conditions.models import Condition
from conditions.richtext.layout import with_layout

PageFile = dict[str, Any]

TAG_FIELDS = {"symptoms": TagKind.SYMPTOM, "body_areas": TagKind.BODY_AREA, "specialties": TagKind.SPECIALTY}
REQUIRED = {"slug", "name", "summary", "sections", "sources"}
# In the order of a file. The picture is last: what it holds is long, and nobody reads it.
ORDER = [
    *("slug", "name", "also_known_as", "summary", "key_facts", *TAG_FIELDS, "emergency_signs"),
    *("sections", "faqs", "sources", "related", "featured", "review_months", "picture"),
]
SECTION = {"kind": "kind", "heading": "heading", "body": "html"}  # here, and in an edition
SOURCE = ["title", "publisher", "url", "seen"]
NAMED_IN_A_SOURCE = {"title", "publisher"}
ON_ONE_LINE = {"also_known_as", "related", *TAG_FIELDS}


def from_condition(condition: Condition) -> PageFile:
    """What the working copy of `condition` says, and how long its review lasts."""
    return _in_order(from_content(compose(condition)) | {"review_months": condition.review_months})


def from_content(content: Content) -> PageFile:
    """What an edition says. The picture is left without its content when its file has gone."""
    slugs = dict(Condition.objects.filter(pk__in=content["related"]).values_list("pk", "slug"))
    page_file = {
        "slug": content["slug"],
        "name": content["name"],
        "also_known_as": content["aliases"],
        "summary": content["summary"],
        "key_facts": content["key_facts"],
        "emergency_signs": content["care_signs"],
        "sections": [{name: part[key] for name, key in SECTION.items()} for part in content["sections"]],
        "faqs": [{"question": part["question"], "answer": part["html"]} for part in content["faqs"]],
        "sources": [_source(part) for part in content["sources"]],
        "related": [slugs[pk] for pk in content["related"] if pk in slugs],
        "featured": content["featured"],
        "picture": content["picture"] and _picture_of(content["picture"]),
    }
    tags = {name: [_tag(**tag) for tag in content["tags"][kind]] for name, kind in TAG_FIELDS.items()}
    return _in_order(page_file | tags)


def read(file: ExchangeFile) -> PageFile:
    """What a file says, each value checked for its form. Raises ExchangeError.

    A picture of a starter file must lie in the folder. That of an upload is inside the file, or may be on this site.
    """
    file.check_names(file.data, "", required=REQUIRED, allowed=set(ORDER))
    page_file = {name: file.line(file.data, name) for name in ["slug", "name", "summary"]}
    page_file |= {name: file.texts(name) for name in ["also_known_as", "key_facts", "emergency_signs", "related"]}
    page_file |= {name: _read_tags(file, name) for name in TAG_FIELDS}
    page_file |= {
        "sections": _read_sections(file),
        "faqs": read_questions(file, "faqs"),
        "sources": _read_sources(file),
        "featured": file.flag(file.data, "featured"),
        "review_months": _read_months(file),
        "picture": _read_picture(file),
    }
    return _in_order(page_file)


def to_yaml(page_file: PageFile) -> str:
    """The file of a page file: the same page file always gives the same file, a block of rich text a line."""
    return yaml.dump(
        {name: _styled(name, value) for name, value in page_file.items()},
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=float("inf"),
    )


def _in_order(page_file: PageFile) -> PageFile:
    """The names in the order of a file; what is empty is left out."""
    kept = REQUIRED | {"featured"}
    return {name: page_file[name] for name in ORDER if page_file.get(name) or (name in kept and name in page_file)}


def _tag(name: str, slug: str) -> str | dict[str, str]:
    """A tag is its name; where the address does not follow from the name, both."""
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


def _read_sections(file: ExchangeFile) -> list[dict[str, str]]:
    names = set(SECTION)
    sections = []
    for where, part in file.items("sections", required=names, allowed=names):
        kind = file.line(part, "kind", where)
        if kind not in SectionKind.values:
            raise file.refuse(f"{where}kind", f"“{shown(kind)}” is not one of {', '.join(SectionKind.values)}")
        heading, body = file.line(part, "heading", where), file.rich_text(part, "body", where)
        sections.append({"kind": kind, "heading": heading, "body": body})
    return sections


def read_questions(file: ExchangeFile, name: str) -> list[dict[str, str]]:
    """The questions of a condition, or those that the file itself is a list of. Raises ExchangeError."""
    names = {"question", "answer"}
    return [
        {"question": file.line(part, "question", where), "answer": file.rich_text(part, "answer", where)}
        for where, part in file.items(name, required=names, allowed=names)
    ]


def _read_sources(file: ExchangeFile) -> list[dict[str, str]]:
    return [
        _source({name: file.line(part, name, where) for name in SOURCE})
        for where, part in file.items("sources", required=NAMED_IN_A_SOURCE, allowed=set(SOURCE))
    ]


def _read_months(file: ExchangeFile) -> int | None:
    months = file.line(file.data, "review_months")
    if months and not re.fullmatch("[1-9][0-9]{0,3}", months):
        raise file.refuse("review_months", "must be a whole number of months, at least 1")
    return int(months) if months else None


def _read_picture(file: ExchangeFile) -> dict[str, Any] | None:
    data = file.data.get("picture")
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


class _OneLine(list):
    """A list that stands on one line."""


class _Lines(str):
    """Text that stands line by line."""


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
    """A value as a person would write it: short words beside each other, rich text line by line."""
    if name in ON_ONE_LINE:
        return _OneLine(value)
    if name in {"sections", "faqs"}:
        return [{key: _styled(key, text) for key, text in part.items()} for part in value]
    return _Lines(with_layout(value) + "\n") if name in {"body", "answer"} else value
