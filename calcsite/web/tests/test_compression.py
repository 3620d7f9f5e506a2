import gzip

import brotli
import pytest

from calcsite.web.compression import Compressed, Uncompressed, accepted_encoding

PAGE = b"<p>Calcium</p>" * 100


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br; q=0.0, gzip;q=0", ""),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("identity", ""),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("identity;q=1, gzip;q=0.5", ""),
        ("gzip;q=nonsense", ""),
        ("", ""),
    ],
)
def test_the_best_encoding_that_the_browser_accepts_is_chosen(header, encoding):
    assert accepted_encoding(header) == encoding


@pytest.mark.parametrize("made", [Compressed.thoroughly, Uncompressed])
def test_every_form_holds_the_same_page(made):
    page = made(PAGE)
    assert brotli.decompress(page.body("br")) == gzip.decompress(page.body("gzip")) == page.body("") == PAGE


def test_the_tag_changes_with_the_page_and_only_then():
    assert Uncompressed(PAGE).etag == Compressed.thoroughly(PAGE).etag
    assert Uncompressed(PAGE).etag != Uncompressed(PAGE + b" ").etag
