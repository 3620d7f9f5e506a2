"""The uses of rows that are about to be deleted, in words."""

from collections.abc import Iterable

from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString

from conditions.models import Condition, Listing, Tag


def with_uses(found: tuple, rows: Iterable[models.Model]) -> tuple:
    """The rows that a deletion takes along, with their uses in words in place of the rows of join tables."""
    to_delete, counts, missing_permissions, protected = found
    uses = [use for row in rows for use in uses_of(row)]
    counts = {name: count for name, count in counts.items() if "relationship" not in name}
    return [*uses, *_without_joins(to_delete)], counts, missing_permissions, protected


def uses_of(row: models.Model) -> Iterable[SafeString]:
    """One line for each page that would lose this row."""
    if isinstance(row, Tag):
        for condition in row.conditions.all():
            yield format_html("Used by the working copy of “{}”, which loses it", condition)
        for listing in Listing.objects.filter(tags__kind=row.kind, tags__slug=row.slug):
            yield format_html("On the public page “{}”, which keeps it until it is published again", listing)
    if isinstance(row, Condition):
        for other in Condition.objects.filter(related=row):
            yield format_html("“{}” names it as a related page, and loses the link", other)


def _without_joins(tree: list) -> list:
    """The admin's nested list without the rows that only join two others."""
    return [
        _without_joins(branch) if isinstance(branch, list) else branch
        for branch in tree
        if isinstance(branch, list) or "relationship" not in str(branch)
    ]
