"""Starter files: a condition, the service's questions or a general page as a file that a person can read and write.

Loading is all or nothing. A mistake names the file and the field, and then nothing has been loaded. Loading the same
files again changes nothing; later changes by staff are never overwritten.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.text import slugify

from calcsite.models import ClinicDetails
from conditions import pictures, search
from conditions.editing import workingcopy
from conditions.exchange import page_files
from conditions.exchange.files import ExchangeError, ExchangeFile, shown
from conditions.exchange.page_files import TAG_FIELDS, PageFile
from conditions.models import FAQ, Condition, GeneralPage, Tag
from conditions.publishing import pages, publishing

FOLDER = Path(__file__).parent
REASON = "Starter content, published when the site was set up. No clinician has reviewed it."


@dataclass
class Report:
    """The names of the rows that loading has added."""

    conditions: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    questions: int = 0


def load(folder: Path = FOLDER) -> Report:
    """Load every starter file of `folder` that the site does not have yet, and publish the conditions unreviewed.

    Raises ExchangeError, having loaded nothing and stored no picture, when a file has a mistake.
    """
    before = stored_pictures()
    try:
        report = _load(folder)
    except ExchangeError:
        for name in stored_pictures() - before:
            default_storage.delete(f"{pictures.FOLDER}/{name}")
        raise
    pages.render_missing()
    return report


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
    load_tags(ExchangeFile.at(folder / "tags.yaml"))
    files = [ExchangeFile.at(path) for path in sorted(folder.glob("*.yaml")) if path.stem not in {"tags", "faqs"}]
    _refuse_same_slug(files)
    new = [(file, *loaded) for file in files if (loaded := load_condition(file))]
    for file, page_file, condition in new:
        for slug in workingcopy.relate(condition, page_file.get("related", [])):
            raise file.refuse("related", f"there is no condition “{slug}”")
    for _, _, condition in new:
        publishing.publish_working_copy(condition=condition, by=None, reason=REASON, is_kept=False)
        report.conditions.append(condition.name)
    report.questions = load_questions(ExchangeFile.at(folder / "faqs.yaml"))
    general = [ExchangeFile.at(path) for path in sorted((folder / "pages").glob("*.yaml"))]
    _refuse_same_slug(general)
    for file in general:
        report.pages += load_general_page(file)
    return report


def _refuse_same_slug(files: list[ExchangeFile]) -> None:
    """Raises ExchangeError when two files describe the same page."""
    seen: dict[Any, str] = {}
    for file in files:
        slug = file.data.get("slug") if isinstance(file.data, dict) else None
        if isinstance(slug, str) and slug in seen:
            raise file.refuse("slug", f"“{shown(slug)}” is the slug of {seen[slug]} too")
        seen[slug] = file.name


def load_tags(file: ExchangeFile) -> None:
    """The words that visitors filter by, which the other files may use."""
    file.check_names(file.data, "", required=set(TAG_FIELDS), allowed=set(TAG_FIELDS))
    for name, kind in TAG_FIELDS.items():
        for number, word in enumerate(file.texts(name), 1):
            if not Tag.objects.filter(kind=kind, name=word).exists():
                file.save(Tag(kind=kind, name=word, slug=slugify(word)), f"{name}[{number}].")


def load_condition(file: ExchangeFile) -> tuple[PageFile, Condition] | None:
    """The condition of one file with all its parts; None when the site has it already."""
    page_file = page_files.read(file)
    if Condition.objects.filter(slug=page_file["slug"]).exists():
        return None
    for where, kind, name, slug in workingcopy.named_tags(page_file):
        if workingcopy.find_tag(kind, name, slug) is None:
            raise file.refuse(where, f"“{shown(name)}” is not in tags.yaml")
    return page_file, workingcopy.write(page_file, file=file.name).condition


def load_questions(file: ExchangeFile) -> int:
    """The questions about the service, unless the site has some already. Returns how many were new."""
    if FAQ.objects.about_service().exists():
        return 0
    questions = page_files.read_questions(file, "")
    for number, texts in enumerate(questions, 1):
        file.save(FAQ(position=number * 10, **texts), f"[{number}].")
    search.index_service_faqs()
    return len(questions)


def load_general_page(file: ExchangeFile) -> list[str]:
    """A page about the site, unless it is there. Returns its title when it was new."""
    names = {"slug", "title", "summary", "body"}
    file.check_names(file.data, "", required=names, allowed=names)
    texts = {name: file.line(file.data, name) for name in ["slug", "title", "summary"]}
    if GeneralPage.objects.filter(slug=texts["slug"]).exists():
        return []
    page = GeneralPage(body=file.rich_text(file.data, "body"), **texts)
    file.save(page, "")
    return [page.title]
