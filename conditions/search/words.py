"""The words of a query in a form that is safe to search for.

Only letters and digits survive: quotes, operators, control characters, halves of characters and emoji never reach a
database's query language.
"""

import re
import unicodedata

MAX_QUERY_CHARACTERS = 500
MAX_WORD_CHARACTERS = 40
MAX_QUERY_WORDS = 12

_WORD = re.compile(r"[^\W_]+")

# Words that stand on every page and so tell none from another. PostgreSQL's "english" leaves out the same.
# fmt: off
STOP_WORDS = frozenset({
    "i", "me", "my", "myself", "we", "our", "ours", "ourselves", "you", "your", "yours", "yourself",
    "yourselves", "he", "him", "his", "himself", "she", "her", "hers", "herself", "it", "its", "itself",
    "they", "them", "their", "theirs", "themselves", "what", "which", "who", "whom", "this", "that", "these",
    "those", "am", "is", "are", "was", "were", "be", "been", "being", "have", "has", "had", "having", "do",
    "does", "did", "doing", "a", "an", "the", "and", "but", "if", "or", "because", "as", "until", "while",
    "of", "at", "by", "for", "with", "about", "against", "between", "into", "through", "during", "before",
    "after", "above", "below", "to", "from", "up", "down", "in", "out", "on", "off", "over", "under", "again",
    "further", "then", "once", "here", "there", "when", "where", "why", "how", "all", "any", "both", "each",
    "few", "more", "most", "other", "some", "such", "no", "nor", "not", "only", "own", "same", "so", "than",
    "too", "very", "s", "t", "can", "will", "just", "don", "should", "now",
})
# fmt: on


def _plain_letters() -> dict[int, str]:
    """The plain form of each accented Latin letter, and a space for each character that joins words.

    PostgreSQL would read “head/neck” as a file's name and “1.5” or “x-ray” as one word; FTS5 reads two words.
    """
    letters = dict.fromkeys(map(ord, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~’‘“”–—…·"), " ")
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) > 1 and parts[0].isascii():
            letters[code] = parts[0].lower()
    return letters


_PLAIN = _plain_letters()


def plain(text: str) -> str:
    """A text as it is indexed: words apart, “Sjögren” as “sjogren”. Every character stays in its place."""
    return text.translate(_PLAIN)


def all_words(text: str) -> list[str]:
    """Every word of a text in small letters, without accents, in order."""
    return _WORD.findall(plain(unicodedata.normalize("NFC", text)).lower())


def fold(text: str) -> str:
    """The words of a text, one space between them."""
    return " ".join(all_words(text))


def typed_words(query: str) -> list[str]:
    """The words of a query, cut to MAX_QUERY_WORDS words of up to MAX_WORD_CHARACTERS letters."""
    return [word[:MAX_WORD_CHARACTERS] for word in all_words(query[:MAX_QUERY_CHARACTERS])[:MAX_QUERY_WORDS]]


def telling_words(typed: list[str]) -> list[str]:
    """The words that tell one page from another, each once."""
    return list(dict.fromkeys(word for word in typed if word not in STOP_WORDS))
