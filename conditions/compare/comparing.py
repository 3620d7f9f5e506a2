"""Comparing: the difference between two contents of a page, for a reviewer.

A page is approved word for word, so all of a content is compared, in the order of the page. The result is plain text,
without HTML.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.text import slugify

from conditions import pictures
from conditions.choices import SectionKind, TagKind
from conditions.compare.differing import Line, State, compare_blocks
from conditions.composing import Content
from conditions.parts import PARTS, Part, Shape
from conditions.richtext.blocks import Block, blocks_of

Item = dict[str, Any]


@dataclass(frozen=True)
class ComparedPart:
    """One part of the page, before and after. `source` is its stored form, where no line shows the difference."""

    label: str
    state: State
    lines: list[Line]
    source: list[Line]
    where: str = ""  # its anchor on the page, where it has one
    places: tuple[int, int] | None = None  # from and to, counted from 1, when it moved
    old_picture: Item | None = None
    new_picture: Item | None = None


@dataclass(frozen=True)
class Comparison:
    """The parts of two contents, in the order of the page. A part that neither has is left out."""

    parts: list[ComparedPart]

    @property
    def is_empty(self) -> bool:
        return not self.changed

    @property
    def changed(self) -> list[ComparedPart]:
        return [part for part in self.parts if part.state != State.SAME]

    @property
    def same(self) -> list[ComparedPart]:
        return [part for part in self.parts if part.state == State.SAME]

    @property
    def words_added(self) -> int:
        return self._count(State.ADDED)

    @property
    def words_removed(self) -> int:
        return self._count(State.REMOVED)

    @property
    def summary(self) -> str:
        """In short, for lists: “2 parts, 14 words added, 3 removed”."""
        if self.is_empty:
            return "No difference"
        parts, added, removed = len(self.changed), self.words_added, self.words_removed
        counts = [f"{parts} part{'s' * (parts != 1)}"]
        if added:
            counts.append(f"{added} word{'s' * (added != 1)} added")
        if removed:
            counts.append(f"{removed} {'' if added else 'word' + 's' * (removed != 1) + ' '}removed")
        return ", ".join(counts)

    def _count(self, state: State) -> int:
        return sum(line.count(state) for part in self.changed for line in part.lines)


def compare(old: Content | None, new: Content, names: Mapping[int, str] | None = None) -> Comparison:
    """All that differs between two contents that `compose` made. Without an old one, everything is added.

    `names` are those of related pages, by primary key; a page without one is shown by its number.
    """
    return Comparison(list(_parts(old or {}, new, names or {})))


def _parts(old: Content, new: Content, names: Mapping[int, str]) -> Iterator[ComparedPart]:
    for part in PARTS:
        if part.shape in ITEMS:
            yield from _each(part, ITEMS[part.shape], old, new)
        elif part.shape == Shape.TAGS:
            yield from _each_kind(part, old.get(part.key, {}), new.get(part.key, {}))
        elif part.shape == Shape.PAGES:
            yield from _compared(part.label, old.get(part.key), new.get(part.key), lambda keys: _related(keys, names))
        else:
            blocks = BLOCKS[part.shape]
            yield from _compared(part.label, old.get(part.key), new.get(part.key), blocks, where=part.place)
    yield from _unknown(old, new)


def _each_kind(part: Part, old: dict[str, list[Item]], new: dict[str, list[Item]]) -> Iterator[ComparedPart]:
    """One part for each kind of tag."""
    for kind in {**new, **old}:
        label = f"{part.label}: {TagKind(kind).label.lower() if kind in TagKind else kind}"
        yield from _compared(label, old.get(kind), new.get(kind), _tags)


def _unknown(old: Content, new: Content) -> Iterator[ComparedPart]:
    """The rest of two contents, such as their format, as it is stored."""
    known = {part.key for part in PARTS}
    others = [{key: value for key, value in content.items() if key not in known} for content in (old, new)]
    if old and others[0] != others[1]:
        yield from _compared("How it is stored", others[0] or None, others[1] or None, _stored)


def _compared(
    label: str, old: Any, new: Any, blocks: Callable[[Any], list[Block]], **fields: Any
) -> Iterator[ComparedPart]:
    """One part, or none where there is nothing before and after; `None` and empty lists are nothing."""
    had, has = old is not None and old != [], new is not None and new != []
    if not had and not has:
        return
    lines = compare_blocks(blocks(old) if had else [], blocks(new) if has else [])
    state = State.SAME if old == new else State.ADDED if not had else State.REMOVED if not has else State.CHANGED
    if state == State.SAME and "places" in fields:
        state = State.MOVED
    hidden = state not in {State.SAME, State.MOVED} and all(line.is_same for line in lines)
    source = compare_blocks(_stored(old), _stored(new)) if hidden else []
    if blocks is _picture:
        fields |= {"old_picture": pictures.with_address(old), "new_picture": pictures.with_address(new)}
    yield ComparedPart(label, state, lines, source, **fields)


@dataclass(frozen=True)
class Items:
    """The comparison of a list of items: two belong together when they are equal or have an identity in common.

    With `by_place` an item that has none still belongs to the one that follows the same item. `place` is the anchor.
    """

    name: Callable[[Item], str]
    blocks: Callable[[Item], list[Block]]
    identities: tuple[Callable[[Item], str], ...]
    place: Callable[[Item], str]
    by_place: bool = False


def _each(part: Part, items: Items, old: Content, new: Content) -> Iterator[ComparedPart]:
    """A part for each item of a list, in the new order; a removed item follows the item that it followed before."""
    old_items, new_items = old.get(part.key, []), new.get(part.key, [])
    pairs = _matched(old_items, new_items, items)
    stayed = _in_order([pairs[place] for place in sorted(pairs)])
    order: list[tuple[int | None, int | None]] = [(pairs.get(place), place) for place in range(len(new_items))]
    for was in sorted(set(range(len(old_items))) - set(pairs.values())):
        before = next((at for at, (other, _) in enumerate(order) if other == was - 1), -1)
        order.insert(before + 1, (was, None))
    for was, place in order:
        before = None if was is None else old_items[was]
        after = None if place is None else new_items[place]
        moved = was is not None and place is not None and was not in stayed
        fields = {"places": (was + 1, place + 1)} if moved else {}
        item = after or before
        label = f"{part.label} “{items.name(item)}”"
        yield from _compared(label, before, after, items.blocks, where=items.place(item), **fields)


def _matched(old: list[Item], new: list[Item], items: Items) -> dict[int, int]:
    """New place → old place of items that belong together: equal, else of one identity, else after the same item."""
    pairs: dict[int, int] = {}
    for identity in [_written, *items.identities]:
        waiting: dict[str, list[int]] = {}
        for was in sorted(set(range(len(old))) - set(pairs.values())):
            waiting.setdefault(identity(old[was]), []).append(was)
        for place in sorted(set(range(len(new))) - set(pairs)):
            name = identity(new[place])
            if name and waiting.get(name):
                pairs[place] = waiting[name].pop(0)
    for place in range(len(new)) if items.by_place else []:
        follows = 0 if place == 0 else pairs.get(place - 1, len(old)) + 1
        if place not in pairs and follows < len(old) and follows not in pairs.values():
            pairs[place] = follows
    return pairs


def _in_order(places: list[int]) -> set[int]:
    """The places that kept their order; the others moved."""
    matcher = SequenceMatcher(None, sorted(places), places, autojunk=False)
    return {places[at] for _, start, size in matcher.get_matching_blocks() for at in range(start, start + size)}


def _texts(texts: list[str]) -> list[Block]:
    return [Block("", text) for text in texts]


def _picture(picture: Item) -> list[Block]:
    described = "None: the picture is decoration" if picture["decorative"] else picture["alt"]
    return [
        Block("File", picture["file"], is_detail=True),
        Block("Description", described, is_detail=picture["decorative"]),
        Block("Size", f"{picture['width']} × {picture['height']}", is_detail=True),
    ]


def _heading(section: Item) -> str:
    kind = section["kind"]
    return section["heading"] or (SectionKind(kind).label if kind in SectionKind else kind)


def _section(section: Item) -> list[Block]:
    return [Block("Section heading", section["heading"]), *blocks_of(section["html"])]


def _faq(faq: Item) -> list[Block]:
    address = Block("Address on the page", f"#{faq['anchor']}", is_detail=True)
    return [Block("Question", faq["question"]), address, *blocks_of(faq["html"])]


def _source(source: Item) -> list[Block]:
    labels = {"title": "Title", "publisher": "Publisher", "url": "Link", "seen": "Date of the source"}
    return [Block(label, source[key], is_detail=key == "url") for key, label in labels.items() if source[key]]


def _tags(tags: list[Item]) -> list[Block]:
    """The tags by name, with the address where that does not follow from the name."""
    return _texts(
        [tag["name"] if tag["slug"] == slugify(tag["name"]) else f"{tag['name']} ({tag['slug']})" for tag in tags]
    )


def _related(keys: list[int], names: Mapping[int, str]) -> list[Block]:
    return _texts([names.get(key) or f"Page number {key}" for key in keys])


def _stored(value: Any) -> list[Block]:
    """The stored form of a part, line by line, with each element of rich text on a line of its own."""
    return [
        Block("", line, is_detail=True)
        for line in _written(value).replace("><", ">\n<").replace('\\"', '"').splitlines()
    ]


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)


BLOCKS: dict[Shape, Callable[[Any], list[Block]]] = {
    Shape.LINE: lambda text: _texts([text]),
    Shape.ADDRESS: lambda slug: [Block("", slug, is_detail=True)],
    Shape.LINES: _texts,
    Shape.NAMES: _texts,
    Shape.PICTURE: _picture,
    Shape.FLAG: lambda flag: [Block("", "Yes" if flag else "No", is_detail=True)],
}
ITEMS = {
    Shape.SECTIONS: Items(_heading, _section, (lambda section: section["kind"],), lambda section: section["kind"]),
    Shape.QUESTIONS: Items(
        lambda faq: faq["question"],
        _faq,
        (lambda faq: faq["question"], lambda faq: faq["html"]),
        lambda faq: faq["anchor"],
        by_place=True,
    ),
    Shape.SOURCES: Items(
        lambda source: source["title"],
        _source,
        (lambda source: source["title"], lambda source: source["url"]),
        lambda source: "sources",
    ),
}
