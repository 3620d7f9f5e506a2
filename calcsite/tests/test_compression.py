import gzip

import brotli
import pytest

from calcsite.compression import Compressed, accepted_encoding

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
        ("", ""),
    ],
)
def test_the_best_encoding_that_the_browser_accepts_is_chosen(header, encoding):
    assert accepted_encoding(header) == encoding


@pytest.mark.parametrize("compress", [Compressed.quickly, Compressed.thoroughly])
def test_every_form_holds_the_same_page(compress):
    page = compress(PAGE)
    assert brotli.decompress(page.body("br")) == gzip.decompress(page.body("gzip")) == page.body("") == PAGE


def test_the_tag_changes_with_the_page_and_only_then():
    assert Compressed.quickly(PAGE).etag == Compressed.thoroughly(PAGE).etag
    assert Compressed.quickly(PAGE).etag != Compressed.quickly(PAGE + b" ").etag
