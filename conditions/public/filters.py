"""The filters of the list of conditions: words, letter, symptom, body area and specialty, in any combination."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Count, QuerySet
from django.http import QueryDict

from conditions import richtext
from conditions.choices import TagKind
from conditions.models import Listing, ListingTag

LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "#"]
MAX_WORDS = 10
MAX_TAGS = 20


class AnyTagsField(forms.MultipleChoiceField):
    """Tags by their slug; `known_filters` has already said which of them exist."""

    def valid_value(self, value: str) -> bool:
        return True


class TagFilter(django_filters.MultipleChoiceFilter):
    """Pages that have every one of the chosen tags: each further tag narrows the list."""

    field_class = AnyTagsField

    def filter(self, listings: QuerySet[Listing], slugs: list[str]) -> QuerySet[Listing]:
        for slug in slugs or []:
            tagged = ListingTag.objects.filter(kind=self.field_name, slug=slug)
            listings = listings.filter(pk__in=tagged.values("listing"))
        return listings


class ListingFilter(django_filters.FilterSet):
    """The filters of the list. `q` searches names and summaries; the search page searches whole pages."""

    q = django_filters.CharFilter(method="containing")
    letter = django_filters.CharFilter(field_name="letter")
    symptom = TagFilter(field_name=TagKind.SYMPTOM.value)
    body_area = TagFilter(field_name=TagKind.BODY_AREA.value)
    specialty = TagFilter(field_name=TagKind.SPECIALTY.value)

    class Meta:
        model = Listing
        fields: list[str] = []

    def containing(self, listings: QuerySet[Listing], name: str, text: str) -> QuerySet[Listing]:
        for word in text.casefold().split()[:MAX_WORDS]:
            listings = listings.filter(words__contains=word)
        return listings


def known_filters(asked: QueryDict) -> tuple[QueryDict, list[str]]:
    """The filters of a request without letters and tags that no page has, and the ones left out. One query."""
    known = QueryDict(mutable=True)
    known["q"] = richtext.plain_line(asked.get("q", ""))[:200].strip()
    left_out = []
    letter = asked.get("letter", "").strip().upper()[:60]
    if letter in LETTERS:
        known["letter"] = letter
    elif letter:
        left_out.append(letter)
    wanted = [(kind, richtext.plain_line(slug)[:60]) for kind in TagKind.values for slug in asked.getlist(kind)]
    wanted = list(dict.fromkeys(pair for pair in wanted if pair[1]))
    exist = set(
        ListingTag.objects.filter(kind__in=TagKind.values, slug__in=[slug for _, slug in wanted[:MAX_TAGS]])
        .values_list("kind", "slug")
        .distinct()
    )
    for pair in wanted[:MAX_TAGS]:
        if pair in exist:
            known.appendlist(*pair)
        else:
            left_out.append(pair[1])
    return known, left_out


def letters(filters: ListingFilter) -> list[dict[str, Any]]:
    """Each letter, with how many pages it has under the other filters. One query."""
    others = address_parts(filters.data, without="letter")
    pages = ListingFilter(others, queryset=Listing.objects.all()).qs.order_by()
    counts = dict(pages.values_list("letter").annotate(count=Count("pk")))
    chosen = filters.data.get("letter", "")
    return [
        {
            "letter": letter,
            "count": counts.get(letter, 0),
            "selected": letter == chosen,
            "url": "?" + _with(others, letter=letter).urlencode(),
        }
        for letter in LETTERS
        if letter != "#" or counts.get("#")
    ]


def facets(filters: ListingFilter) -> list[dict[str, Any]]:
    """For each kind of tag, the tags of the pages found, with how many pages each would leave. Two queries at most."""
    tags = ListingTag.objects.all()
    if address_parts(filters.data):
        tags = tags.filter(listing__in=filters.qs.order_by().values("pk"))
    counted: dict[tuple[str, str], tuple[str, int]] = {}
    for tag in tags.counted():
        key = tag["kind"], tag["slug"]
        counted[key] = tag["name"], counted.get(key, ("", 0))[1] + tag["count"]
    chosen = {(kind, slug) for kind in TagKind.values for slug in filters.data.getlist(kind)}
    for kind, slug, name in _names(chosen - counted.keys()):
        counted[kind, slug] = name, 0
    return [
        {
            "name": kind.value,
            "label": kind.label,
            "options": [
                {
                    "value": slug,
                    "label": name,
                    "count": count,
                    "selected": (kind, slug) in chosen,
                    "id": f"{kind.value}-{slug}",
                }
                for (its_kind, slug), (name, count) in sorted(counted.items(), key=lambda item: item[1][0].casefold())
                if its_kind == kind
            ],
        }
        for kind in TagKind
    ]


def _names(tags: set[tuple[str, str]]) -> list[tuple[str, str, str]]:
    if not tags:
        return []
    named = ListingTag.objects.filter(slug__in=[slug for _, slug in tags]).order_by()
    return [row for row in named.values_list("kind", "slug", "name").distinct() if row[:2] in tags]


def applied(filters: ListingFilter, shown: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The filters in force, each with the address that takes it away."""
    data = filters.data
    found = []
    if data.get("q"):
        found.append({"label": f"“{data['q']}”", "url": "?" + address_parts(data, without="q").urlencode()})
    if data.get("letter"):
        found.append({"label": data["letter"], "url": "?" + address_parts(data, without="letter").urlencode()})
    for facet in shown:
        for option in facet["options"]:
            if option["selected"]:
                rest = data.copy()
                rest.setlist(facet["name"], [slug for slug in data.getlist(facet["name"]) if slug != option["value"]])
                found.append({"label": option["label"], "url": "?" + address_parts(rest).urlencode()})
    return found


def address_parts(data: QueryDict, *, without: str = "") -> QueryDict:
    """The filters as they stand in an address: nothing empty, and without `without`."""
    parts = QueryDict(mutable=True)
    for name, values in data.lists():
        if name != without and any(values):
            parts.setlist(name, values)
    return parts


def _with(data: QueryDict, **values: str) -> QueryDict:
    parts = data.copy()
    parts.update(values)
    return parts
