"""Pages of a long list, by the `page` parameter of an address."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import QueryDict


def page_of(items: QuerySet | Sequence, asked: QueryDict, *, per_page: int = 20) -> Page:
    """The page that `?page=` names; the nearest one if the number is out of range, the first if it is invalid."""
    return Paginator(items, per_page).get_page(asked.get("page", "1")[:9])


def links_to_pages(page: Page, parts: QueryDict) -> list[dict[str, Any]]:
    """Links to the first, last and neighbouring pages, with gaps marked; empty for a single page.

    `parts` are the other parameters of the address, which the links keep.
    """
    if page.paginator.num_pages < 2:
        return []
    links: list[dict[str, Any]] = []
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        if number == page.paginator.ELLIPSIS:
            links.append({"gap": True})
        else:
            address = parts.copy()
            address["page"] = str(number)
            links.append({"number": number, "url": "?" + address.urlencode(), "current": number == page.number})
    return links
