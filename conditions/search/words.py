"""From what somebody typed to words that are safe to search for.

Only letters and digits survive: quotes, operators, control characters, halves of characters and emoji never reach a
database's query language.
"""

import re
import unicodedata

LONGEST_TEXT = 500  # characters of a query that are read
LONGEST_WORD = 40
MOST_WORDS = 12

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


def fold(text: str) -> str:
    """The words of a text in small letters, without accents, one space between them."""
    return " ".join(all_words(text))


def all_words(text: str) -> list[str]:
    """Every word of a text, folded, in order."""
    return _WORD.findall(without_accents(text).lower())


def without_accents(text: str) -> str:
    """The text with its letters in their plain form: “Sjögren” is “Sjogren”."""
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def typed_words(query: str) -> list[str]:
    """The words of a query, cut to a number and length that anybody might mean."""
    return [word[:LONGEST_WORD] for word in all_words(query[:LONGEST_TEXT])[:MOST_WORDS]]


def telling_words(typed: list[str]) -> list[str]:
    """The words that tell one page from another, each once."""
    return list(dict.fromkeys(word for word in typed if word not in STOP_WORDS))
