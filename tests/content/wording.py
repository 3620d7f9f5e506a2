"""Runs of words shared with the documents that the starter content was written from.

Facts carry over from those documents, sentences do not. The documents are not ours to hand on, so the repository holds
only a hash of each run of nine words in them (`data/seed-shingles.txt`: BLAKE2b of eight bytes, in hexadecimal, one a
line, sorted). From the folder that holds the documents as *.txt, the file is made by

    python -m tests.content.wording FOLDER > tests/content/data/seed-shingles.txt
"""

import hashlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LENGTH = 9
KNOWN = Path(__file__).parent / "data" / "seed-shingles.txt"


def words(text: str) -> list[str]:
    """The words of a text in small letters; markup and apostrophes are dropped."""
    text = re.sub(r"<[^>]+>", " ", text).replace("’", "'").replace("'", "")
    return re.findall(r"[a-z0-9]+", text.lower())


def shingles(tokens: list[str]) -> Iterator[str]:
    """The hash of each run of nine words, in the order of the text."""
    for start in range(len(tokens) - LENGTH + 1):
        run = " ".join(tokens[start : start + LENGTH])
        yield hashlib.blake2b(run.encode(), digest_size=8).hexdigest()


@cache
def known() -> frozenset[str]:
    return frozenset(KNOWN.read_text().split())


def shared_runs(text: str) -> list[str]:
    """Each run of nine words of `text` that one of the documents has too."""
    tokens = words(text)
    return [
        " ".join(tokens[start : start + LENGTH])
        for start, shingle in enumerate(shingles(tokens))
        if shingle in known()
    ]


if __name__ == "__main__":
    documents = [path.read_text() for path in sorted(Path(sys.argv[1]).glob("*.txt"))]
    print("\n".join(sorted({shingle for text in documents for shingle in shingles(words(text))})))
