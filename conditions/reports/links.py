"""Links that lead nowhere: from live pages, questions about the service and general pages, to this site."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import unquote, urlsplit

from django.db.models import F
from django.urls import Resolver404, ResolverMatch, resolve, reverse

from conditions.choices import SectionKind
from conditions.lint import reading
from conditions.models import FAQ, GeneralPage, InternalLink, Listing, OldAddress, SearchDocument
from conditions.parts import PARTS

MAX_ADDRESSES = 500  # addresses; with more of them gone the site has another problem
ON_EVERY_PAGE = {"", "top", "main"}
ON_CONDITION_PAGES = {*ON_EVERY_PAGE, "review", *(part.place for part in PARTS if part.has_anchor)}
ABOUT_A_CONDITION = {"detail", "history", "edition", "helpful"}
SECTIONS = frozenset(SectionKind.values)


@dataclass(frozen=True)
class BrokenLink:
    """A link to a missing address, or to the former address of a page (`moved_to`).

    `kind` is the kind of page with the link (a condition's page, a question or a general page), `row` its key, `name`
    its name, and `place` the id of the part of the page.
    """

    kind: str
    row: int
    name: str
    place: str
    path: str
    moved_to: str = ""


def broken_links() -> list[BrokenLink]:
    """All broken links, sorted by the name of their page: missing addresses first, then moved ones.

    Links within one page are not among them: the page is frozen together with the places that they lead to.
    """
    asked = set(InternalLink.objects.values_list("path", flat=True).distinct())
    written = list(_written_links())
    addresses = Addresses(asked.union(link.path for link in written))
    wrong = {path: moved_to for path in asked if (moved_to := addresses.trouble(path)) is not None}
    found = [*_on_live_pages(wrong), *_wrong_among(written, addresses)]
    return sorted(found, key=lambda link: (link.moved_to != "", link.name.casefold(), link.path))


def _on_live_pages(wrong: dict[str, str]) -> Iterator[BrokenLink]:
    """Every place on a live page that links to one of these addresses."""
    links = InternalLink.objects.filter(path__in=sorted(wrong)[:MAX_ADDRESSES])
    for row, name, place, path in links.values_list("listing", "listing__name", "place", "path").distinct():
        yield BrokenLink("condition", row, name, place, path, wrong[path])


def _written_links() -> Iterator[BrokenLink]:
    """The links of content without editions, right or wrong."""
    questions = FAQ.objects.about_service().values_list("pk", "question", "answer")
    pages = GeneralPage.objects.values_list("pk", "title", "body")
    for kind, rows in (("faq", questions), ("generalpage", pages)):
        for pk, name, html in rows:
            for link in reading.read(html).links:
                if link.href.startswith("/"):
                    yield BrokenLink(kind, pk, name, "", link.href)


def _wrong_among(links: list[BrokenLink], addresses: "Addresses") -> Iterator[BrokenLink]:
    for link in links:
        if (moved_to := addresses.trouble(link.path)) is not None:
            yield replace(link, moved_to=moved_to)


class Addresses:
    """The addresses of the site, as far as the given paths need them."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._asked = {path: _parts(path) for path in asked}

    def trouble(self, path: str) -> str | None:
        """None for an existing address, the new address of a moved page, and "" for a missing address."""
        address, place = self._asked[path]
        if address in self._live_addresses:  # most links; resolving each would take longer than all else
            return None if self._has_place(address, _last_part(address), place) else ""
        match = _match(address) or _match(f"{address}/")
        if match is None:
            return ""
        slug = match.kwargs.get("slug", "")
        if match.view_name == "general_page":
            return None if slug in self._general else ""
        if match.view_name == "conditions:faqs":
            return None if place in ON_EVERY_PAGE or self._is_question(address, place) else ""
        if match.app_name != "conditions" or match.url_name not in ABOUT_A_CONDITION:
            return None
        if slug not in self._live:
            return reverse("conditions:detail", args=[self._old[slug]]) if slug in self._old else ""
        has_place = match.url_name != "detail" or self._has_place(address, slug, place)
        return None if has_place else ""

    def _has_place(self, address: str, slug: str, place: str) -> bool:
        is_section = place in ON_CONDITION_PAGES or place in self._sections.get(slug, ())
        return is_section or self._is_question(address, place)

    def _is_question(self, address: str, place: str) -> bool:
        return f"{address}#{place}" in self._questions

    @cached_property
    def _live(self) -> set[str]:
        return set(Listing.objects.values_list("slug", flat=True))

    @cached_property
    def _live_addresses(self) -> set[str]:
        pattern = reverse("conditions:detail", args=["slug"]).replace("slug", "{}")
        return set(map(pattern.format, self._live))

    @cached_property
    def _old(self) -> dict[str, str]:
        """Old addresses with today's, where there is one."""
        moved = OldAddress.objects.filter(condition__listing__isnull=False)
        return dict(moved.values_list("slug", "condition__listing__slug"))

    @cached_property
    def _general(self) -> set[str]:
        return set(GeneralPage.objects.values_list("slug", flat=True))

    @cached_property
    def _sections(self) -> dict[str, set[str]]:
        """The kinds of sections of each page with a link to one of its sections."""
        slugs = {_last_part(address) for address, place in self._asked.values() if place in SECTIONS}
        pages = Listing.objects.filter(slug__in=slugs)
        parts = pages.values_list("slug", F("condition__live_edition__content__sections"))
        return {slug: {section["kind"] for section in sections} for slug, sections in parts}

    @cached_property
    def _questions(self) -> set[str]:
        """The addresses of the linked questions."""
        asked = {f"{address}#{place}" for address, place in self._asked.values() if place.startswith("faq-")}
        return set(SearchDocument.objects.filter(url__in=asked).values_list("url", flat=True))


def _parts(path: str) -> tuple[str, str]:
    """An address without its query, and the place on its page."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return path, ""
    return unquote(parts.path), unquote(parts.fragment)


def _last_part(address: str) -> str:
    return address.strip("/").rpartition("/")[2]


def _match(address: str) -> ResolverMatch | None:
    try:
        return resolve(address)
    except Resolver404:
        return None
