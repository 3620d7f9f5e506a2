"""Answers to searches that found nothing: another name for a page, a new question, or none."""

from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from rapidfuzz import fuzz, process

from calcsite.errors import UserFacingError
from conditions import richtext
from conditions.editing import drafting
from conditions.models import Condition, EmptySearch
from conditions.publishing.publishing import locked

SUGGESTED_PAGES = 8


@transaction.atomic
def add_name(*, search: EmptySearch, condition: Condition, name: str, by: AbstractBaseUser) -> None:
    """Give the working copy another name that patients search for; search finds the page by it once published.

    Raises UserFacingError when the page has that name already.
    """
    condition, name = locked(condition.pk), richtext.plain_line(name)
    if name.casefold() == condition.name.casefold():
        raise UserFacingError(f"“{condition}” is the name of the page already.")
    try:
        with transaction.atomic():
            condition.aliases.create(name=name)
    except IntegrityError as error:
        raise UserFacingError(f"“{condition}” has the other name “{name}” already.") from error
    drafting.note_change(condition=condition, by=by, what=f"Other name: {name}")
    close(search=search, by=by)


def close(*, search: EmptySearch, by: AbstractBaseUser, on: date | None = None) -> None:
    """Take a search off the list, on a day at the clinic. The next search that finds nothing lists it again."""
    EmptySearch.objects.filter(pk=search.pk).update(handled_on=on or timezone.localdate(), handled_by=by)


def likely_pages(query: str) -> list[Condition]:
    """The pages with the names most similar to a search, the most similar first."""
    names = dict(Condition.objects.values_list("pk", "name"))
    likest = process.extract(query, names, scorer=fuzz.WRatio, limit=SUGGESTED_PAGES)
    found = Condition.objects.in_bulk([pk for _, _, pk in likest])
    return [found[pk] for _, _, pk in likest if pk in found]
