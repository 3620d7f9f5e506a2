"""The words of a query in a form that is safe to search for."""

import time

import pytest

from conditions.search.snippets import snippet
from conditions.search.words import (
    MAX_QUERY_WORDS,
    MAX_WORD_CHARACTERS,
    all_words,
    fold,
    plain,
    telling_words,
    typed_words,
)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Brain calcification", ["brain", "calcification"]),
        (
            '"brain" AND NOT (skin OR name:x) NEAR/2 ^a*',
            ["brain", "and", "not", "skin", "or", "name", "x", "near", "2", "a"],
        ),
        ("Sjögren’s\tMÉNIÈRE", ["sjogren", "s", "meniere"]),
        ("head/neck x-ray 1.5", ["head", "neck", "x", "ray", "1", "5"]),
        ("a\x00b\ud800c", ["a", "b", "c"]),
        ("🧠🧠 ... --- ''' %_%", []),
        ("", []),
    ],
)
def test_only_letters_and_digits_of_a_query_survive(typed, words):
    assert typed_words(typed) == words


def test_a_query_is_cut_to_a_bounded_number_and_length_of_words():
    assert typed_words("b" * 50_000) == ["b" * MAX_WORD_CHARACTERS]
    assert len(typed_words("a b " * 25_000)) == MAX_QUERY_WORDS


def test_a_letter_with_a_separate_accent_is_the_same_letter():
    assert fold("Sjo\u0308gren") == fold("Sjögren") == "sjogren"


def test_words_on_every_page_tell_nothing_and_others_count_once():
    assert telling_words(typed_words("What is the cause of the pain and pain?")) == ["cause", "pain"]


def test_an_indexed_text_has_its_letters_where_the_shown_text_has_them():
    text = "Ménière’s / Sjögren: 1.5 mm — İstanbul 🧠 \u1e9e"
    assert len(plain(text)) == len(text)
    assert all_words(text) == ["meniere", "s", "sjogren", "1", "5", "mm", "istanbul", "ß"]


@pytest.mark.parametrize("text", ["(" * 50_000, "a" * 50_000, "é " * 25_000, "\x02" * 50_000, "\ud800" * 50_000])
def test_no_text_takes_long(text):
    started = time.process_time()
    typed_words(text)
    all_words(text)
    snippet(text, text)
    assert time.process_time() - started < 1


def test_a_snippet_marks_the_found_words_and_escapes_everything_else():
    assert (
        snippet("Tom & <b>Ménière</b>", "Tom \x02  \x03<b>\x02Meniere\x03 b ")
        == "Tom <mark>&amp; </mark>&lt;b&gt;<mark>Ménière</mark>&lt;/b&gt;"
    )


def test_a_snippet_without_a_found_word_is_the_beginning_of_the_text():
    text = "Calcium is a mineral. " * 20
    assert snippet(text, text).startswith("Calcium is a mineral.")
    assert snippet(text, text).endswith(" …")
    assert len(snippet(text, text)) < 220


def test_a_snippet_is_cut_between_words_where_most_found_words_stand():
    before, after = "early words here " * 30, " and later ones" * 30
    text = f"{before}rare once {before}rare and rare again{after}"
    marked = text.replace("rare", "\x02rare\x03")
    found = snippet(text, marked)
    assert found.startswith("… ")
    assert found.count("<mark>rare</mark>") == 2
    assert set(found.replace("<mark>", "").replace("</mark>", "").split()) <= {*text.split(), "…"}
