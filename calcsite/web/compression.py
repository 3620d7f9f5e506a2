"""Compressing a page once, and handing out the form that a browser accepts."""

import functools
import gzip
import hashlib
from dataclasses import dataclass

import brotli


class TwoForms:
    """A page that was compressed once and is handed out many times: its `brotli`, its `gzip` and its `etag`.

    `etag` changes when the page does. Where only one form was read from the database, only that one may be asked for.
    """

    def body(self, encoding: str) -> bytes:
        """The bytes to send under `encoding`: "br", "gzip", or "" for the page as it is."""
        if encoding == "br":
            return bytes(self.brotli)
        return bytes(self.gzip) if encoding == "gzip" else gzip.decompress(self.gzip)


@dataclass(frozen=True)
class Compressed(TwoForms):
    """Both forms of a page, just made."""

    etag: str
    brotli: bytes
    gzip: bytes

    @classmethod
    def thoroughly(cls, page: bytes) -> "Compressed":
        """The smallest forms that there are: some hundredths of a second of work."""
        return cls(
            etag=digest(page),
            brotli=brotli.compress(page, mode=brotli.MODE_TEXT, quality=11),
            gzip=gzip.compress(page, compresslevel=9, mtime=0),
        )


class Uncompressed:
    """A page made on request: compressed only if it is sent, and only in the encoding it is sent in."""

    def __init__(self, page: bytes) -> None:
        self._page = page
        self.etag = digest(page)

    def body(self, encoding: str) -> bytes:
        """The bytes to send under `encoding`: "br", "gzip", or "" for the page as it is."""
        if encoding == "br":
            return brotli.compress(self._page, mode=brotli.MODE_TEXT, quality=5)
        return gzip.compress(self._page, compresslevel=6, mtime=0) if encoding == "gzip" else self._page


def digest(page: bytes) -> str:
    return hashlib.sha256(page).hexdigest()[:20]


@functools.lru_cache(maxsize=256)
def accepted_encoding(header: str) -> str:
    """What an Accept-Encoding header likes best of "br", "gzip" and "" (RFC 9110, section 12.5.3).

    Of encodings that are liked equally, the one that makes the page smaller.
    """
    weights = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = _weight(weight)
    rest = weights.get("*", 0.0)
    offers = {"br": weights.get("br", rest), "gzip": weights.get("gzip", rest), "": weights.get("identity", 0.0)}
    best = max(offers, key=offers.get)
    return best if offers[best] > 0 else ""


def _weight(text: str) -> float:
    """The value of "q=0.5"; 1 where there is none, 0 where it cannot be read."""
    value = text.replace(" ", "").removeprefix("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
