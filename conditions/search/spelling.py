"""Spelling: the probable correction of a query that finds nothing."""

from collections.abc import Callable

from django.db.models import Q
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from conditions.models import SearchWord
from conditions.search.words import MAX_WORD_CHARACTERS, STOP_WORDS

MIN_CHARACTERS = 4  # of shorter words too many are alike
MIN_SIMILARITY = 0.7  # of 1: two letters of eight may differ, one of four
CANDIDATES = 3  # for each misspelt word, the most similar first


def correction(typed: list[str], *, found: bool, finds: Callable[[list[str]], bool]) -> str:
    """The query with its unknown words replaced by words of public pages; empty without a better one.

    Only a correction that `finds` something is suggested, and so never a word of a page that has gone. A candidate has
    the first letter or the ending of the typed word, and about its length: few enough to be compared one by one, read
    afresh each time.

    When the words as typed have `found` something, an unknown word may be another form of a known one
    (“calcifications”) rather than a mistake: then only words of the same length are suggested.
    """
    unknown = _unknown(typed)
    choices = {word: _alike(word, same_length=found) for word in unknown[:CANDIDATES]}
    for rank in range(CANDIDATES):
        meant = {word: likest[min(rank, len(likest) - 1)] for word, likest in choices.items() if likest}
        corrected = [meant.get(word, word) for word in typed]
        if corrected != typed and finds([word for word in corrected if word not in STOP_WORDS]):
            return " ".join(corrected)
    return ""


def _unknown(typed: list[str]) -> list[str]:
    sensible = [word for word in typed if _is_sensible(word)]
    known = set(SearchWord.objects.filter(word__in=sensible).values_list("word", flat=True))
    return [word for word in sensible if word not in known]


def _is_sensible(word: str) -> bool:
    """Whether a word may be misspelt, or meant: not a number, nor very short or long, nor a word of every page."""
    return MIN_CHARACTERS <= len(word) <= MAX_WORD_CHARACTERS and not word.isdecimal() and word not in STOP_WORDS


def keep(words: set[str]) -> None:
    """Remember words of public pages as words that may be meant."""
    sensible = set(filter(_is_sensible, words))
    known = SearchWord.objects.filter(word__in=sensible).values_list("word", flat=True)
    # In order, so that two at once cannot wait for each other for ever.
    SearchWord.objects.bulk_create(
        [
            SearchWord(word=word, initial=word[0], ending=word[-3:], length=len(word))
            for word in sorted(sensible.difference(known))
        ],
        ignore_conflicts=True,
    )


def _alike(word: str, *, same_length: bool) -> list[str]:
    """The known words most like `word`, the likest first; by how few letters differ, then by how early they do."""
    give = 0 if same_length else 2
    about_as_long = SearchWord.objects.filter(length__range=(len(word) - give, len(word) + give))
    candidates = about_as_long.filter(Q(initial=word[0]) | Q(ending=word[-3:])).values_list("word", flat=True)
    likest = process.extract(
        word, list(candidates), scorer=OSA.normalized_similarity, score_cutoff=MIN_SIMILARITY, limit=CANDIDATES * 3
    )
    likest.sort(key=lambda match: (-match[1], -JaroWinkler.similarity(word, match[0]), match[0]))
    return [match[0] for match in likest[:CANDIDATES]]
