"""Drafting: the changes of the working copy, each under its lock and in the log.

Only questions about the service are public when saved: they have no editions.
"""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.models import QuerySet

from calcsite import stale
from calcsite.checksums import checksum
from conditions import parts, search
from conditions.composing import Content, compose
from conditions.editing import workingcopy
from conditions.exchange import page_files
from conditions.exchange.files import ExchangeFile, shown
from conditions.models import FAQ, Condition, Edition, PageEvent, Tag
from conditions.parts import of_shape
from conditions.publishing.publishing import locked, refuse_unseen


def fingerprint(row: models.Model) -> str:
    """The fingerprint of all that staff can edit of a row; of a condition, with the rows of its page."""
    if not isinstance(row, Condition):
        return stale.editable_fingerprint(row)
    rows = {name: getattr(row, name).all() for name in parts.ROWS}
    links = {part.field: sorted(other.pk for other in rows[part.field]) for part in of_shape(*parts.SHARED_ROWS)}
    own = (each for part in of_shape(*parts.OWN_ROWS) for each in rows[part.field])
    return stale.editable_fingerprint(row, links, *own)


def locked_for_saving(row: models.Model) -> models.Model:
    """A row as it is stored, locked until the end of the transaction.

    The conditions whose working copies a question or a tag belongs to are locked first, as every verb does.
    """
    if isinstance(row, FAQ):
        _lock_all(FAQ.objects.filter(pk=row.pk).values_list("condition", flat=True))
    if isinstance(row, Tag):
        _lock_all(row.conditions.values_list("pk", flat=True))
    return type(row).objects.select_for_update().get(pk=row.pk)


def locked_working_copy(pk: int | None) -> Condition | None:
    """A condition with all its rows, locked until the end of the transaction. None if it was deleted."""
    return Condition.objects.select_for_update().prefetch_related(*parts.ROWS).filter(pk=pk).first()


def _lock_all(keys: Iterable[int | None]) -> list[Condition]:
    """Lock several conditions until the end of the transaction: in one order, so that no two wait for each other."""
    return [locked(pk) for pk in sorted(set(keys) - {None})]


@transaction.atomic
def note_change(
    *,
    condition: Condition,
    by: AbstractBaseUser | None,
    what: str = "",
    kind: PageEvent.Kind = PageEvent.Kind.SAVED,
    edition: Edition | None = None,
) -> None:
    """Log a change of the working copy, and store the checksum of its content."""
    stored = locked(condition.pk)
    note_content(condition=stored, content=compose(stored), by=by, what=what, kind=kind, edition=edition)


def note_content(
    *,
    condition: Condition,
    content: Content,
    by: AbstractBaseUser | None,
    what: str = "",
    kind: PageEvent.Kind = PageEvent.Kind.SAVED,
    edition: Edition | None = None,
) -> None:
    """`note_change` for a caller that holds the condition's lock and has composed its working copy."""
    Condition.objects.filter(pk=condition.pk).update(working_checksum=checksum(content))
    PageEvent.record(kind, condition, by=by, edition=edition, why=what)


@transaction.atomic
def revert(*, edition: Edition, by: AbstractBaseUser, seen: str | None = None) -> list[str]:
    """Set the working copy back to an edition. Returns messages about the parts that could not be brought back.

    `seen` is the fingerprint of the text on the form's page. Raises StaleError when that is out of date, and
    UserFacingError when another condition has the edition's name or address.
    """
    condition = locked(edition.condition_id)
    refuse_unseen(compose(condition), seen)
    page_file = page_files.from_content(edition.content)
    written = workingcopy.write(page_file, file=str(edition), condition=condition)
    what = f"To edition {edition.number}."
    note_change(condition=condition, by=by, what=what, kind=PageEvent.Kind.REVERTED, edition=edition)
    gone = len(edition.content["related"]) - len(page_file.get("related", []))
    return [*left_out(written), *([f"Related pages that are deleted: {gone}."] if gone else [])]


@transaction.atomic
def import_file(*, name: str, content: bytes, by: AbstractBaseUser, replace: bool = False) -> workingcopy.Written:
    """Make a working copy from a file: a new condition's or, with `replace`, that of the condition at its address.

    Raises ExchangeError, having stored nothing, when the file has a mistake, or its address is taken and `replace` is
    not set.
    """
    file = ExchangeFile.parse(name, content)
    page_file = page_files.read(file)
    there = Condition.objects.filter(slug=page_file["slug"]).first()
    if there and not replace:
        raise file.refuse("slug", f"“{there}” is at this address already. Tick below to replace its working copy.")
    if there:
        _refuse_to_lose(locked(there.pk), file)
    written = workingcopy.write(page_file, file=name, condition=there)
    note_change(condition=written.condition, by=by, what=f"From {shown(name)}.", kind=PageEvent.Kind.IMPORTED)
    return written


def _refuse_to_lose(condition: Condition, file: ExchangeFile) -> None:
    """Raises ExchangeError if no edition has the content of the working copy: a file would overwrite it for good."""
    if not condition.editions.filter(checksum=checksum(compose(condition))).exists():
        problem = f"the working copy of “{condition}” holds changes that no edition has. Send it for review first"
        raise file.refuse("slug", problem)


def left_out(written: workingcopy.Written) -> list[str]:
    """The messages after a working copy was written from a file or an edition."""
    told = []
    if written.new_tags:
        told.append(f"New words to filter by: {', '.join(written.new_tags)}.")
    if written.unknown_pages:
        told.append(f"Related pages that this site does not have, left out: {', '.join(written.unknown_pages)}.")
    if written.picture_missing:
        told.append("The picture is missing, here and in the file. Add it by hand.")
    return told


@transaction.atomic
def save_question(*, question: FAQ, by: AbstractBaseUser | None) -> None:
    """Save a question of a working copy, or one about the service, which is public and found at once."""
    before = FAQ.objects.filter(pk=question.pk).first()
    concerned = {question.condition_id, before.condition_id} if before else {question.condition_id}
    _lock_all(concerned)
    if before and fingerprint(before) == fingerprint(question):
        return
    question.save()
    _note_question_changes(concerned, by=by, what=f"Question: {question.question}")


@transaction.atomic
def delete_questions(*, questions: QuerySet[FAQ], by: AbstractBaseUser | None) -> None:
    """Delete questions of working copies, or about the service, which search then no longer finds."""
    conditions = set(questions.order_by().values_list("condition", flat=True))
    _lock_all(conditions)
    questions.delete()
    _note_question_changes(conditions, by=by, what="Questions deleted.")


def _note_question_changes(conditions: set[int | None], *, by: AbstractBaseUser | None, what: str) -> None:
    for condition in Condition.objects.filter(pk__in=conditions - {None}).order_by("pk"):
        note_change(condition=condition, by=by, what=what)
    if None in conditions:
        search.index_service_faqs()


@transaction.atomic
def save_tag(*, tag: Tag, by: AbstractBaseUser | None) -> None:
    """Save a tag. The working copies with the tag change at once, public pages only once published."""
    before = Tag.objects.filter(pk=tag.pk).first()
    carrying = _lock_all(before.conditions.values_list("pk", flat=True)) if before else []
    if before and fingerprint(before) == fingerprint(tag):
        return
    tag.save()
    for condition in carrying:
        note_change(condition=condition, by=by, what=f"Tag: {tag}")


@transaction.atomic
def delete_tags(*, tags: QuerySet[Tag], by: AbstractBaseUser | None) -> None:
    """Delete tags. The working copies lose them at once, public pages only once published."""
    losing = _lock_all(Condition.objects.filter(tags__in=tags).values_list("pk", flat=True))
    what = f"Tags deleted: {', '.join(map(str, tags))}"
    tags.delete()
    for condition in losing:
        note_change(condition=condition, by=by, what=what)


@transaction.atomic
def delete(*, condition: Condition, by: AbstractBaseUser | None) -> None:
    """Delete a working copy that was never sent for review. Raises ProtectedError if it has editions."""
    pointing = Condition.objects.filter(related=condition).values_list("pk", flat=True)
    others = [other for other in _lock_all({condition.pk, *pointing}) if other.pk != condition.pk]
    PageEvent.record(PageEvent.Kind.DELETED, condition, by=by)
    condition.delete()
    for other in others:
        note_change(condition=other, by=by, what=f"Related page deleted: {condition.name}")
