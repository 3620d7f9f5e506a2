"""Spelling: what a query that finds nothing was probably meant to be."""

from collections.abc import Callable

from django.db.models import Q
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from conditions.models import SearchWord
from conditions.search.words import LONGEST_WORD, STOP_WORDS

SHORTEST = 4  # letters: of shorter words too many are alike
ALIKE = 0.7  # of 1: two letters of eight may differ, one of four
TRIED = 3  # the likeliest words for each misspelt one that are tried out


def correction(typed: list[str], *, finds: Callable[[list[str]], bool]) -> str:
    """The query with its unknown words replaced by words of public pages; empty without a better one.

    Only what `finds` something is suggested, so that a word of a page that has gone never is. A candidate has the same
    first letter as the typed word or ends as it does, and is about as long: few enough to be compared one by one, read
    afresh each time.
    """
    known = set(SearchWord.objects.filter(word__in=typed).values_list("word", flat=True))
    unknown = [word for word in typed if word not in known and word not in STOP_WORDS and len(word) >= SHORTEST]
    if not unknown:
        return ""
    choices = {word: _alike(word) for word in unknown[:TRIED]}
    for rank in range(TRIED):
        meant = {word: found[min(rank, len(found) - 1)] for word, found in choices.items() if found}
        corrected = [meant.get(word, word) for word in typed]
        if corrected != typed and finds([word for word in corrected if word not in STOP_WORDS]):
            return " ".join(corrected)
    return ""


def keep(words: set[str]) -> None:
    """Remember words of public pages as words that may be meant."""
    sensible = {word for word in words if SHORTEST <= len(word) <= LONGEST_WORD and not word.isdecimal()} - STOP_WORDS
    known = SearchWord.objects.filter(word__in=sensible).values_list("word", flat=True)
    # In order, so that two at once cannot wait for each other for ever.
    SearchWord.objects.bulk_create(
        [
            SearchWord(word=word, initial=word[0], ending=word[-3:], length=len(word))
            for word in sorted(sensible.difference(known))
        ],
        ignore_conflicts=True,
    )


def _alike(word: str) -> list[str]:
    """The known words most like `word`, the likest first; by how few letters differ, then by how early they do."""
    about_as_long = SearchWord.objects.filter(length__range=(len(word) - 2, len(word) + 2))
    candidates = about_as_long.filter(Q(initial=word[0]) | Q(ending=word[-3:])).values_list("word", flat=True)
    likest = process.extract(
        word, list(candidates), scorer=OSA.normalized_similarity, score_cutoff=ALIKE, limit=TRIED * 3
    )
    likest.sort(key=lambda match: (-match[1], -JaroWinkler.similarity(word, match[0]), match[0]))
    return [match[0] for match in likest[:TRIED]]
