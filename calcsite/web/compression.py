"""Compression of pages, and the choice of an encoding for the browser."""

import functools
import gzip
import hashlib
from dataclasses import dataclass

import brotli


class TwoForms:
    """A page that is compressed once and sent many times: its `brotli`, its `gzip` and its `etag`.

    `etag` changes when the page does. If only one form was read from the database, only that one may be requested.
    """

    def body(self, encoding: str) -> bytes:
        """The bytes to send under `encoding`: "br", "gzip", or "" for the page as it is."""
        if encoding == "br":
            return bytes(self.brotli)
        return bytes(self.gzip) if encoding == "gzip" else gzip.decompress(self.gzip)


@dataclass(frozen=True)
class Compressed(TwoForms):
    """Both forms of a new page."""

    etag: str
    brotli: bytes
    gzip: bytes

    @classmethod
    def thoroughly(cls, page: bytes) -> "Compressed":
        """Compress at the highest levels, which takes some hundredths of a second."""
        return cls(
            etag=digest(page),
            brotli=brotli.compress(page, mode=brotli.MODE_TEXT, quality=11),
            gzip=gzip.compress(page, compresslevel=9, mtime=0),
        )


class Uncompressed:
    """A page made for one request: compressed only in the encoding that is sent, if any."""

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
    """The encoding that an Accept-Encoding header prefers: "br", "gzip" or "" (RFC 9110, section 12.5.3).

    Of equally weighted encodings, the smaller one.
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
    """The value of "q=0.5"; 1 if empty, 0 if invalid."""
    value = text.replace(" ", "").removeprefix("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
