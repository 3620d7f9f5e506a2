"""Conditions, questions and live pages for tests. Every argument has a default; each call makes another row."""

import itertools
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.text import slugify

from calcsite.models import StaffProfile
from conditions.choices import SectionKind
from conditions.models import FAQ, Condition, Section, Source, Tag
from conditions.publishing import publishing

_count = itertools.count(1)


def make_condition(
    *,
    aliases: list[str] | tuple[str, ...] = (),
    sections: dict[str, str] | None = None,
    faqs: dict[str, str] | None = None,
    tags: list[tuple[str, str]] | tuple[tuple[str, str], ...] = (),
    sources: list[str] | tuple[str, ...] = ("A textbook of calcium",),
    related: list[Condition] | tuple[Condition, ...] = (),
    **fields: Any,
) -> Condition:
    """A working copy. `sections` maps kind to HTML, `faqs` question to HTML; `tags` are (kind, name) pairs."""
    name = fields.pop("name", None) or f"Condition {next(_count)}"
    defaults = {"slug": slugify(name), "summary": f"What {name} is, in one sentence."}
    condition = Condition.objects.create(name=name, **defaults | fields)
    for alias in aliases:
        condition.aliases.create(name=alias)
    if sections is None:
        sections = {SectionKind.OVERVIEW: f"<p>{name} is explained here.</p>"}
    for position, (kind, body) in enumerate(sections.items(), start=1):
        heading = str(SectionKind(kind).label)
        Section.objects.create(condition=condition, position=position, kind=kind, heading=heading, body=body)
    for position, (question, answer) in enumerate((faqs or {}).items(), start=1):
        make_faq(condition=condition, position=position, question=question, answer=answer)
    for kind, label in tags:
        condition.tags.add(Tag.objects.get_or_create(kind=kind, slug=slugify(label), defaults={"name": label})[0])
    for position, title in enumerate(sources, start=1):
        Source.objects.create(condition=condition, position=position, title=title, publisher="A publisher")
    condition.related.set(related)
    return condition


def make_live(*, reason: str = "For a test.", **fields: Any) -> Condition:
    """A condition with a live edition, published without a clinician's review."""
    condition = make_condition(**fields)
    publish(condition, reason=reason)
    return condition


def publish(condition: Condition, *, reason: str = "For a test.") -> None:
    """Publish the working copy of `condition`."""
    publishing.publish_working_copy(condition=condition, by=None, reason=reason)
    condition.refresh_from_db()


def make_reviewer(*, name: str = "Dr Demonstration", credentials: str = "MD") -> Any:
    """An account with a name, which can approve pages."""
    first, _, last = name.partition(" ")
    user = get_user_model().objects.create_user(f"reviewer{next(_count)}", first_name=first, last_name=last)
    StaffProfile.objects.create(user=user, credentials=credentials)
    return user


def make_faq(**fields: Any) -> FAQ:
    """A question with its answer: about the service, unless a condition is given."""
    defaults = {"question": f"Question number {next(_count)}?", "answer": "<p>This is the answer.</p>"}
    return FAQ.objects.create(**defaults | fields)
