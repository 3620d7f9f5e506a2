"""Compressing a page once, and handing out the form that a browser accepts."""

import functools
import gzip
import hashlib
from dataclasses import dataclass

import brotli


@dataclass(frozen=True, slots=True)
class Compressed:
    """A page in both compressed forms, with a tag that changes when the page does."""

    etag: str
    brotli: bytes
    gzip: bytes

    @classmethod
    def quickly(cls, page: bytes) -> "Compressed":
        """For a page made on request."""
        return cls._made(page, brotli_quality=5, gzip_level=6)

    @classmethod
    def thoroughly(cls, page: bytes) -> "Compressed":
        """For a page made once and handed out many times."""
        return cls._made(page, brotli_quality=11, gzip_level=9)

    @classmethod
    def _made(cls, page: bytes, *, brotli_quality: int, gzip_level: int) -> "Compressed":
        return cls(
            etag=hashlib.sha256(page).hexdigest()[:20],
            brotli=brotli.compress(page, mode=brotli.MODE_TEXT, quality=brotli_quality),
            gzip=gzip.compress(page, compresslevel=gzip_level, mtime=0),
        )

    def body(self, encoding: str) -> bytes:
        """The bytes to send under `encoding`: "br", "gzip", or "" for the page as it is."""
        if encoding == "br":
            return self.brotli
        return self.gzip if encoding == "gzip" else gzip.decompress(self.gzip)


@functools.lru_cache(maxsize=256)
def accepted_encoding(header: str) -> str:
    """The best encoding that an Accept-Encoding header allows: "br", "gzip" or "" (RFC 9110, section 12.5.3)."""
    allowed = {}
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        allowed[name.strip()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    for encoding in ("br", "gzip"):
        if allowed.get(encoding, allowed.get("*", False)):
            return encoding
    return ""
