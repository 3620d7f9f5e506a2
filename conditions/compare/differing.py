"""Differences between two lists of blocks: pairs of versions, and the words added and removed in each.

Word by word where that costs little and helps. Blocks that are too large or too different are shown as a whole: one
removed, one added.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import TypeVar

from django.db import models

from conditions.richtext.blocks import PARAGRAPH, Block

MIN_LIKENESS = 0.4  # share of words in common from which two blocks are versions of one
MAX_PAIRS = 10_000  # equal elements to pair up in one comparison: an answer within milliseconds
MAX_BLOCK_PAIRS = 50_000  # blocks to weigh against each other in one text

Element = TypeVar("Element", bound=Hashable)


class State(models.TextChoices):
    ADDED = "added", "Added"
    REMOVED = "removed", "Removed"
    CHANGED = "changed", "Changed"
    MOVED = "moved", "Moved"
    SAME = "same", "The same"


@dataclass(frozen=True)
class Segment:
    """Words in a row that are the same in both, added or removed."""

    text: str
    state: State


@dataclass(frozen=True)
class Line:
    """A block before and after. `inline` has the words of both in one flow, `left` and `right` those of each.

    Joined by single spaces, the segments of a side give its text.
    """

    old: Block | None
    new: Block | None

    @property
    def state(self) -> State:
        if self.old == self.new:
            return State.SAME
        return State.ADDED if self.old is None else State.REMOVED if self.new is None else State.CHANGED

    @property
    def is_same(self) -> bool:
        return self.state == State.SAME

    @property
    def label(self) -> str:
        """The kind of block, now and before; "" for a plain paragraph."""
        was, is_now = self.old and self.old.label, self.new and self.new.label
        if was is not None and is_now is not None and was != is_now:
            return f"{is_now} (was: {was[:1].lower()}{was[1:]})"
        label = is_now or was or ""
        return "" if label == PARAGRAPH else label

    @cached_property
    def inline(self) -> list[Segment]:
        if self.old is None or self.new is None:
            return [Segment(block.text, self.state) for block in (self.old, self.new) if block]
        segments: list[Segment] = []
        for same, old, new in stretches(self.old.text.split(" "), self.new.text.split(" ")):
            states = [(State.SAME, new)] if same else [(State.REMOVED, old), (State.ADDED, new)]
            segments += [Segment(" ".join(words), state) for state, words in states if words]
        return segments

    @property
    def left(self) -> list[Segment]:
        return [segment for segment in self.inline if segment.state != State.ADDED]

    @property
    def right(self) -> list[Segment]:
        return [segment for segment in self.inline if segment.state != State.REMOVED]

    def count(self, state: State) -> int:
        """The number of words added, or removed. A word has a letter or a digit."""
        if (self.new or self.old).is_detail:
            return 0
        words = [word for part in self.inline if part.state == state for word in part.text.split(" ")]
        return sum(any(map(str.isalnum, word)) for word in words)


def compare_blocks(old: Sequence[Block], new: Sequence[Block]) -> list[Line]:
    """The blocks of both, in order: each once, with its other version where it has one."""
    found = list(stretches(old, new))
    thorough = sum(len(before) * len(after) for same, before, after in found if not same) <= MAX_BLOCK_PAIRS
    lines: list[Line] = []
    for same, before, after in found:
        lines += map(Line, before, after) if same else _versions(before, after, thorough=thorough)
    return lines


def stretches(
    old: Sequence[Element], new: Sequence[Element]
) -> Iterator[tuple[bool, Sequence[Element], Sequence[Element]]]:
    """Cuts two sequences into stretches: (True, a, a) where they are equal, else (False, old, new)."""
    shorter = min(len(old), len(new))
    head = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    rest = shorter - head
    tail = next((place for place in range(rest) if old[-1 - place] != new[-1 - place]), rest)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if head:
        yield True, old[:head], new[:head]
    how_often = Counter(middle_old)
    if sum(how_often[element] for element in middle_new) > MAX_PAIRS:
        yield False, middle_old, middle_new
    else:
        matcher = SequenceMatcher(None, middle_old, middle_new, autojunk=False)
        for step, i1, i2, j1, j2 in matcher.get_opcodes():
            yield step == "equal", middle_old[i1:i2], middle_new[j1:j2]
    if tail:
        yield True, old[len(old) - tail :], new[len(new) - tail :]


def _versions(old: Sequence[Block], new: Sequence[Block], *, thorough: bool) -> list[Line]:
    """Blocks that all differ: the pairs that share most words are versions of one, and no pair crosses another."""
    pairs = _most_alike(old, new) if thorough and old and new else []
    lines: list[Line] = []
    old_done = new_done = 0
    for old_place, new_place in [*pairs, (len(old), len(new))]:
        lines += [Line(block, None) for block in old[old_done:old_place]]
        lines += [Line(None, block) for block in new[new_done:new_place]]
        lines += map(Line, old[old_place : old_place + 1], new[new_place : new_place + 1])
        old_done, new_done = old_place + 1, new_place + 1
    return lines


def _most_alike(old: Sequence[Block], new: Sequence[Block]) -> list[tuple[int, int]]:
    """Places of blocks that go together, both rising, of the largest sum of likeness (Needleman and Wunsch, 1970)."""
    old_words, new_words = ([Counter(block.text.casefold().split()) for block in blocks] for blocks in (old, new))
    likeness = [[_likeness(before, after) for after in new_words] for before in old_words]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], likeness[i][j] + best[i + 1][j + 1])
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if likeness[i][j] and best[i][j] == likeness[i][j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(old: Counter[str], new: Counter[str]) -> float:
    """From 0 to 1: the share of words in common (Dice), 0 when it is too small."""
    share = 2 * sum((old & new).values()) / max(old.total() + new.total(), 1)
    return share if share >= MIN_LIKENESS else 0.0
