"""Starter files: a condition, the service's questions or a general page as a file that a person can read and write.

Loading is all or nothing. A mistake names the file and the field, and then nothing has been loaded. Loading the same
files again changes nothing; what staff have changed since is never overwritten.
"""

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils.text import slugify

from calcsite.models import ClinicDetails
from conditions import pages, pictures, publishing, search
from conditions.kinds import SectionKind, TagKind
from conditions.models import FAQ, Alias, Condition, GeneralPage, Section, Source, Tag

FOLDER = Path(__file__).parent / "starter"
TAG_FIELDS = {"symptoms": TagKind.SYMPTOM, "body_areas": TagKind.BODY_AREA, "specialties": TagKind.SPECIALTY}
REASON = "Starter content, published when the site was set up. No clinician has reviewed it."


class StarterError(Exception):
    """A starter file has a mistake. The message names the file and the field."""


@dataclass
class Report:
    """What loading did: the names of what was new."""

    conditions: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    questions: int = 0


class StrictLoader(yaml.SafeLoader):
    """Plain data only, and no name twice: of two values one would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [name.value for name, _ in node.value]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise yaml.YAMLError(f"“{twice}” stands there twice, in line {node.start_mark.line + 1} or below")
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class StarterFile:
    """One file, read. Every problem with it is told with its name and the field's."""

    path: Path
    data: Any

    @classmethod
    def read(cls, path: Path) -> "StarterFile":
        try:
            return cls(path, yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader))  # noqa: S506 - a SafeLoader
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise StarterError(f"{path.name}: cannot be read: {error}") from error

    def refuse(self, name: str, problem: str) -> StarterError:
        return StarterError(": ".join(part for part in (self.path.name, name, problem) if part))

    def check_names(self, data: Any, where: str, *, required: set[str], allowed: set[str]) -> None:
        """Raises StarterError unless `data` is a mapping with all required names and no unknown one."""
        if not isinstance(data, dict):
            raise self.refuse(where, "must hold names and values")
        for name in sorted(required - data.keys()):
            raise self.refuse(f"{where}{name}", "is missing")
        for name in sorted(map(str, data.keys() - allowed)):
            raise self.refuse(f"{where}{name}", "is not a field of this file")

    def text(self, data: dict[str, Any], name: str, where: str = "") -> str:
        value = data.get(name, "")
        if not isinstance(value, str):
            raise self.refuse(f"{where}{name}", "must be text")
        self.check_characters(value, f"{where}{name}")
        return value.strip()

    def check_characters(self, text: str, where: str) -> None:
        """Raises StarterError on a character that cannot be stored or printed: control characters, half pairs."""
        bad = next((c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"), None)
        if bad is not None:
            raise self.refuse(where, f"holds the character U+{ord(bad):04X}, which cannot be shown")

    def flag(self, data: dict[str, Any], name: str, where: str = "", *, default: bool = False) -> bool:
        value = data.get(name, default)
        if not isinstance(value, bool):
            raise self.refuse(f"{where}{name}", "must be true or false")
        return value

    def texts(self, name: str) -> list[str]:
        values = self.data.get(name, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.refuse(name, "must be a list of texts")
        for number, value in enumerate(values, 1):
            self.check_characters(value, f"{name}[{number}]")
        return values

    def items(self, name: str, *, required: set[str], allowed: set[str]) -> list[dict[str, Any]]:
        """A list of mappings, each checked. Raises StarterError."""
        values = self.data if not name else self.data.get(name, [])
        if not isinstance(values, list):
            raise self.refuse(name or "file", "must be a list")
        for number, value in enumerate(values, 1):
            self.check_names(value, f"{name}[{number}].", required=required, allowed=allowed)
        return values

    def save(self, row: models.Model, where: str) -> None:
        """Check a row as the admin would, and save it. Raises StarterError with the field's name."""
        try:
            row.full_clean()
        except ValidationError as error:
            name, problems = next(iter(error.message_dict.items()))
            raise self.refuse(where.rstrip(".") if name == "__all__" else f"{where}{name}", problems[0]) from error
        row.save()


def load(folder: Path = FOLDER) -> Report:
    """Load every starter file of `folder` that the site does not have yet, and publish the conditions unreviewed.

    Raises StarterError, having loaded nothing and stored no picture, when a file has a mistake.
    """
    before = stored_pictures()
    try:
        return _load(folder)
    except StarterError:
        for name in stored_pictures() - before:
            default_storage.delete(f"{pictures.FOLDER}/{name}")
        raise


def stored_pictures() -> set[str]:
    try:
        return set(default_storage.listdir(pictures.FOLDER)[1])
    except FileNotFoundError:
        return set()


@transaction.atomic
def _load(folder: Path) -> Report:
    report = Report()
    if not ClinicDetails.objects.exists():
        ClinicDetails.current().save()
    load_tags(StarterFile.read(folder / "tags.yaml"))
    files = [StarterFile.read(path) for path in sorted(folder.glob("*.yaml")) if path.stem not in {"tags", "faqs"}]
    _refuse_same_slug(files)
    new = [(file, condition) for file in files if (condition := load_condition(file))]
    for file, condition in new:
        _relate(file, condition)
    for _, condition in new:
        publishing.publish_working_copy(condition=condition, by=None, reason=REASON)
        report.conditions.append(condition.name)
    report.questions = load_questions(StarterFile.read(folder / "faqs.yaml"))
    general = [StarterFile.read(path) for path in sorted((folder / "pages").glob("*.yaml"))]
    _refuse_same_slug(general)
    for file in general:
        report.pages += load_general_page(file)
    pages.render_missing()
    return report


def _refuse_same_slug(files: list[StarterFile]) -> None:
    """Raises StarterError when two files describe the same page."""
    seen: dict[Any, str] = {}
    for file in files:
        slug = file.data.get("slug") if isinstance(file.data, dict) else None
        if isinstance(slug, str) and slug in seen:
            raise file.refuse("slug", f"“{slug}” is the slug of {seen[slug]} too")
        seen[slug] = file.path.name


def load_tags(file: StarterFile) -> None:
    """The words that visitors filter by, which the other files may use."""
    file.check_names(file.data, "", required=set(TAG_FIELDS), allowed=set(TAG_FIELDS))
    for name, kind in TAG_FIELDS.items():
        for number, word in enumerate(file.texts(name), 1):
            if not Tag.objects.filter(kind=kind, name=word).exists():
                file.save(Tag(kind=kind, name=word, slug=slugify(word)), f"{name}[{number}].")


def load_condition(file: StarterFile) -> Condition | None:
    """The condition of one file with all its parts; None when the site has it already."""
    required = {"slug", "name", "summary", "sections", "sources"}
    optional = {"also_known_as", "key_facts", "picture", "emergency_signs", "faqs", "related", "featured", *TAG_FIELDS}
    file.check_names(file.data, "", required=required, allowed=required | optional)
    if Condition.objects.filter(slug=file.text(file.data, "slug")).exists():
        return None
    condition = Condition(
        slug=file.text(file.data, "slug"),
        name=file.text(file.data, "name"),
        summary=file.text(file.data, "summary"),
        key_facts="\n".join(file.texts("key_facts")),
        emergency_signs="\n".join(file.texts("emergency_signs")),
        featured=file.flag(file.data, "featured", default=True),
    )
    _add_picture(file, condition)
    file.save(condition, "")
    for number, name in enumerate(file.texts("also_known_as"), 1):
        file.save(Alias(condition=condition, name=name), f"also_known_as[{number}].")
    condition.tags.set(_tags(file))
    _add_sections(file, condition)
    _add_questions(file, "faqs", condition)
    _add_sources(file, condition)
    return condition


def _add_sections(file: StarterFile, condition: Condition) -> None:
    names = {"kind", "heading", "body"}
    for number, part in enumerate(file.items("sections", required=names, allowed=names), 1):
        where = f"sections[{number}]."
        if part["kind"] not in SectionKind.values:
            raise file.refuse(f"{where}kind", f"“{part['kind']}” is not one of {', '.join(SectionKind.values)}")
        section = Section(
            condition=condition, position=number * 10, **{name: file.text(part, name, where) for name in names}
        )
        file.save(section, where)


def _add_questions(file: StarterFile, name: str, condition: Condition | None) -> int:
    names = {"question", "answer"}
    parts = file.items(name, required=names, allowed=names)
    for number, part in enumerate(parts, 1):
        where = f"{name}[{number}]."
        texts = {name: file.text(part, name, where) for name in names}
        file.save(FAQ(condition=condition, position=number * 10, **texts), where)
    return len(parts)


def _add_sources(file: StarterFile, condition: Condition) -> None:
    names = {"title", "publisher", "url", "seen"}
    for number, part in enumerate(file.items("sources", required={"title", "publisher"}, allowed=names), 1):
        where = f"sources[{number}]."
        texts = {name: file.text(part, name, where) for name in names}
        file.save(Source(condition=condition, position=number * 10, **texts), where)


def _add_picture(file: StarterFile, condition: Condition) -> None:
    """Store the picture under the name of its content; a file that is there already is used again."""
    picture = file.data.get("picture")
    if picture is None:
        return
    file.check_names(picture, "picture.", required={"file"}, allowed={"file", "alt", "decorative"})
    condition.picture_alt = file.text(picture, "alt", "picture.")
    condition.picture_decorative = file.flag(picture, "decorative", "picture.")
    path = file.path.parent / "pictures" / Path(file.text(picture, "file", "picture.")).name
    try:
        content = ContentFile(path.read_bytes(), name=path.name)
    except OSError as error:
        raise file.refuse("picture.file", f"pictures/{path.name} cannot be read") from error
    name = pictures.stored_name(content)
    condition.picture = name if default_storage.exists(name) else content


def _tags(file: StarterFile) -> list[Tag]:
    tags = []
    for name, kind in TAG_FIELDS.items():
        for word in file.texts(name):
            tag = Tag.objects.filter(kind=kind, name=word).first()
            if tag is None:
                raise file.refuse(name, f"“{word}” is not in tags.yaml")
            tags.append(tag)
    return tags


def _relate(file: StarterFile, condition: Condition) -> None:
    for slug in file.texts("related"):
        other = Condition.objects.filter(slug=slug).first()
        if other is None:
            raise file.refuse("related", f"there is no condition “{slug}”")
        condition.related.add(other)


def load_questions(file: StarterFile) -> int:
    """The questions about the service, unless the site has some already. Returns how many were new."""
    if FAQ.objects.about_service().exists():
        return 0
    count = _add_questions(file, "", None)
    search.index_service_faqs()
    return count


def load_general_page(file: StarterFile) -> list[str]:
    """A page about the site, unless it is there. Returns its title when it was new."""
    names = {"slug", "title", "summary", "body"}
    file.check_names(file.data, "", required=names, allowed=names)
    if GeneralPage.objects.filter(slug=file.text(file.data, "slug")).exists():
        return []
    page = GeneralPage(**{name: file.text(file.data, name) for name in names})
    file.save(page, "")
    return [page.title]
