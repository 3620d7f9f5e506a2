"""Writing a page file into a working copy: a new condition's, or an existing one's.

Public rows and editions stay as they are.
"""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.utils.text import slugify

from conditions import pictures
from conditions.choices import TagKind
from conditions.exchange.files import refusal, save, shown
from conditions.exchange.page_files import TAG_FIELDS, PageFile
from conditions.models import Condition, Tag
from conditions.parts import COLUMNS, Shape, of_shape
from conditions.richtext import plain_line

FIELDS = [*(part.field for part in of_shape(*COLUMNS)), "review_months"]
PICTURE_FIELDS = ["picture", "picture_alt", "picture_decorative"]
# The field by which a row is known as the one that is there already, and the values of fields that a file may omit.
SAME_BY = {Shape.SECTIONS: "kind", Shape.QUESTIONS: "question", Shape.SOURCES: "title"}
OPTIONAL = {Shape.SOURCES: {"url": "", "seen": ""}}


@dataclass
class Written:
    """The working copy that was written, with the rows that were made for it and the parts that were left out."""

    condition: Condition
    new_tags: list[str] = field(default_factory=list)
    unknown_pages: list[str] = field(default_factory=list)
    picture_missing: bool = False


def write(page_file: PageFile, *, file: str, condition: Condition | None = None) -> Written:
    """Write `page_file` into the working copy of `condition`, or of a new one.

    Sections, questions and sources that are there already are changed in place, so that they stay the same rows. Tags
    that the site lacks are made. Raises ExchangeError, having stored nothing, when the admin would refuse a value, or
    when the name or the address is another condition's; its message begins with `file`.
    """
    try:
        with transaction.atomic():
            return _write(page_file, file, condition)
    except IntegrityError as error:
        raise refusal(file, "", "somebody saved the same thing at this moment. Try again.") from error


def relate(condition: Condition, slugs: list[str]) -> list[str]:
    """Link the pages at these addresses and no others. Returns the addresses that the site does not have."""
    found = dict(Condition.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    condition.related.set(found.values())
    return [slug for slug in slugs if slug not in found]


def find_tag(kind: TagKind, name: str, slug: str) -> Tag | None:
    """The tag with this name; after a renaming, the one at this address."""
    tags = Tag.objects.filter(kind=kind)
    return tags.filter(name=name).first() or tags.filter(slug=slug).first()


def named_tags(page_file: PageFile) -> list[tuple[str, TagKind, str, str]]:
    """The tags of a page file: field, kind, name and address of each."""
    return [
        (name, kind, *((tag["name"], tag["slug"]) if isinstance(tag, dict) else (tag, slugify(tag))))
        for name, kind in TAG_FIELDS.items()
        for tag in page_file.get(name, [])
    ]


def _write(page_file: PageFile, file: str, condition: Condition | None) -> Written:
    written = Written(Condition() if condition is None else Condition.objects.get(pk=condition.pk))
    condition = written.condition
    _refuse_taken(page_file, file, condition)
    content = _set_fields(page_file, file, condition)
    written.picture_missing = "picture" in page_file and not condition.picture
    # Of a condition that is there, only these: a page that goes live meanwhile stays live.
    fields = {} if condition._state.adding else {"update_fields": [*FIELDS, *PICTURE_FIELDS, "updated_at"]}
    save(condition, file=file, where="", **fields)
    for part in of_shape(Shape.NAMES):
        _write_names(getattr(condition, part.field), page_file.get(part.in_file, []), file, part.in_file)
    condition.tags.set(_tags(page_file, file, written))
    for part in of_shape(*SAME_BY):
        optional = OPTIONAL.get(part.shape, {})
        texts = [optional | each for each in page_file.get(part.in_file, [])]
        _write_rows(getattr(condition, part.field), SAME_BY[part.shape], texts, file, part.in_file)
    written.unknown_pages = relate(condition, page_file.get("related", []))
    if content is not None:  # last, so that a mistake elsewhere leaves no file behind
        _store(condition.picture.name, content, file)
    return written


def _refuse_taken(page_file: PageFile, file: str, condition: Condition) -> None:
    """Raises ExchangeError when another condition has the name or the address."""
    others = Condition.objects.exclude(pk=condition.pk)
    if other := others.filter(slug=page_file["slug"]).first():
        raise refusal(file, "slug", f"“{other.slug}” is the address of another condition, “{shown(other.name)}”")
    if other := others.filter(name=page_file["name"]).first():
        raise refusal(file, "name", f"“{shown(other.name)}” is the name of another condition, at “{other.slug}”")


def _set_fields(page_file: PageFile, file: str, condition: Condition) -> ContentFile | None:
    """Set the condition's own fields. Returns the picture's content when it has to be stored."""
    for part in of_shape(Shape.LINES):
        setattr(condition, part.field, "\n".join(page_file.get(part.in_file, [])))
    for part in of_shape(Shape.LINE, Shape.ADDRESS, Shape.FLAG):
        if part.in_file in page_file:
            setattr(condition, part.field, page_file[part.in_file])
    if "review_months" in page_file:
        condition.review_months = page_file["review_months"]
    picture = page_file.get("picture", {})
    condition.picture, content = _picture(picture, file) if picture else ("", None)
    condition.picture_alt = picture.get("alt", "")
    condition.picture_decorative = picture.get("decorative", False)
    return content


def _picture(picture: dict[str, Any], file: str) -> tuple[str, ContentFile | None]:
    """The picture's name in storage, "" without one; and its content if it has to be stored."""
    here = f"{pictures.FOLDER}/{picture['file']}"
    if "content" not in picture:
        return (here if pictures.size_of(here) else ""), None
    if _stored(here) == picture["content"]:
        return here, None
    content = ContentFile(picture["content"], name=picture["file"])
    try:
        pictures.validate_picture(content)
    except ValidationError as error:
        raise refusal(file, "picture", error.messages[0]) from error
    name = pictures.stored_name(content)
    return name, None if default_storage.exists(name) else content


def _store(name: str, content: ContentFile, file: str) -> None:
    """Raises ExchangeError when storage is full, and leaves no partial file."""
    try:
        default_storage.save(name, content)
    except OSError as error:
        with suppress(OSError):
            default_storage.delete(name)
        raise refusal(file, "picture", "could not be stored. Try again later.") from error


def _stored(name: str) -> bytes | None:
    try:
        with default_storage.open(name) as file:
            return file.read()
    except OSError:
        return None


def _write_names(rows: models.Manager, names: list[str], file: str, where: str) -> None:
    """Make the names of a condition these. Their order is that of their keys, so another order takes new rows."""
    if names == [row.name for row in rows.all()]:
        return
    rows.all().delete()
    for number, name in enumerate(names, 1):
        save(rows.model(condition=rows.instance, name=name), file=file, where=f"{where}[{number}].")


def _tags(page_file: PageFile, file: str, written: Written) -> list[Tag]:
    """The tags of a page file. Missing ones are created."""
    tags = []
    for where, kind, name, slug in named_tags(page_file):
        tag = find_tag(kind, name, slug)
        if tag is None:
            tag = Tag(kind=kind, name=name, slug=slug)
            save(tag, file=file, where=f"{where} “{shown(name)}”.")
            written.new_tags.append(name)
        tags.append(tag)
    return tags


def _write_rows(rows: models.Manager, key: str, parts: list[dict[str, str]], file: str, where: str) -> None:
    """Make the rows of a condition these, in this order: one with the same `key` is changed, and the rest deleted."""
    stored = defaultdict(list)
    for row in rows.all():
        stored[plain_line(getattr(row, key))].append(row)
    kept = [stored[part[key]].pop(0) if stored[part[key]] else rows.model(condition=rows.instance) for part in parts]
    rows.exclude(pk__in=[row.pk for row in kept if row.pk]).delete()
    for number, (row, part) in enumerate(zip(kept, parts, strict=True), 1):
        row.position = number * 10
        for name, text in part.items():
            setattr(row, name, text)
        save(row, file=file, where=f"{where}[{number}].")
