"""Snippets: the stretch of a text that best shows why it was found."""

import re

from django.utils.safestring import SafeString

from conditions import richtext
from conditions.search.statements import END, START

LENGTH = 180  # characters of text, give or take a word

_MARKED = re.compile(f"{START}([^{START}{END}]*){END}")


def snippet(text: str, marked: str) -> SafeString:
    """The stretch of `text` with the most found words, those in <mark>; where none is found, its beginning.

    `marked` is the text as it is indexed, which has the same letters in the same places, with the found words marked.
    """
    spans = _spans(marked)
    start, end = _stretch(text, spans)
    before, after = "… " if start else "", " …" if end < len(text) else ""
    moved = len(before) - start
    inside = [(first + moved, last + moved) for first, last in spans if start <= first and last <= end]
    return richtext.marked(f"{before}{text[start:end]}{after}", inside)


def _spans(marked: str) -> list[tuple[int, int]]:
    """Where the marked words stand in the text without the marks."""
    spans: list[tuple[int, int]] = []
    length = 0
    for number, part in enumerate(_MARKED.split(marked)):
        if number % 2:
            spans.append((length, length + len(part)))
        length += len(part)
    return spans


def _stretch(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """Where to cut: between words, with the best found word a little inside."""
    best, most, last = 0, 0, 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + LENGTH * 3 // 4:
            last += 1
        if last - first > most:
            best, most = start, last - first
    start = _word_start(text, best - LENGTH // 4)
    return start, _word_end(text, start + LENGTH)


def _word_start(text: str, wish: int) -> int:
    return text.rfind(" ", 0, wish) + 1 if wish > 0 else 0


def _word_end(text: str, wish: int) -> int:
    if wish >= len(text):
        return len(text)
    space = text.find(" ", wish)
    return space if 0 <= space < wish + LENGTH else min(wish + LENGTH, len(text))
