import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from conditions import pictures

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 360">{}</svg>'


def drawing(inside: str = '<path d="M0 0h4"/>', name: str = "a.svg") -> ContentFile:
    return ContentFile(SVG.format(inside).encode(), name=name)


def photograph(form: str = "PNG", name: str = "a.png", size: tuple[int, int] = (40, 30)) -> ContentFile:
    file = io.BytesIO()
    Image.new("RGB", size).save(file, form)
    return ContentFile(file.getvalue(), name=name)


@pytest.mark.parametrize(
    "picture",
    [
        drawing(),
        drawing("<style>.a{fill:url(#g)}</style><use href='#a'/>"),
        drawing("<path fill='url( \"#a\" )'/>"),
        photograph(),
        photograph("JPEG", "a.JPG"),
        photograph("WEBP", "a.webp"),
    ],
)
def test_drawings_and_photographs_are_accepted(picture):
    pictures.validate_picture(picture)


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        (drawing("<script>alert(1)</script>"), "something other than a drawing"),
        (drawing('<path onclick="x()"/>'), "something other than a drawing"),
        (drawing("<foreignObject><p/></foreignObject>"), "something other than a drawing"),
        (drawing("<a href='javascript:x'><path/></a>"), "something other than a drawing"),
        (drawing("<use href='//evil.example/x.svg#a'/>"), "from elsewhere"),
        (drawing("<path style='fill:url(https://evil.example/)'/>"), "from elsewhere"),
        (drawing("<style>@import '//evil.example'</style>"), "from elsewhere"),
        (drawing("<path fill='URL(http://evil.example/)'/>"), "from elsewhere"),
        (drawing("<style><path/>@IMPORT '//evil.example'</style>"), "from elsewhere"),
        (drawing("<style>.a{fill:u\\72l(//evil.example)}</style>"), "from elsewhere"),
        (
            ContentFile('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><svg/>'.encode("utf-16"), "a.svg"),
            "be read",
        ),
        (ContentFile(SVG.format("").replace("480", "a").encode(), name="a.svg"), "how large"),
        (ContentFile(SVG.format("").replace("480", "1.2.3").encode(), name="a.svg"), "how large"),
        (ContentFile(SVG.format("").replace("480", "inf").encode(), name="a.svg"), "how large"),
        (ContentFile(SVG.format("").replace("480 360", "480").encode(), name="a.svg"), "how large"),
        (ContentFile(b'<!DOCTYPE svg [<!ENTITY a "b">]><svg/>', name="a.svg"), "document type"),
        (ContentFile(b"<html></html>", name="a.svg"), "not an SVG"),
        (ContentFile(b"<svg", name="a.svg"), "cannot be read"),
        (ContentFile(b"GIF89a", name="a.gif"), "of the type SVG"),
        (ContentFile(b"%PDF", name="a"), "of the type SVG"),
        (ContentFile(b"not a picture", name="a.png"), "cannot be read"),
        (photograph("JPEG", "a.png"), "don't match"),
        (photograph(size=(30_000, 1_000)), "too many pixels"),
        (ContentFile(b"x" * (1024 * 1024 + 1), name="a.png"), "larger than 1 MB"),
    ],
)
def test_anything_else_is_refused_with_its_reason(picture, why):
    with pytest.raises(ValidationError, match=why):
        pictures.validate_picture(picture)


def test_the_size_is_read_from_the_stored_picture():
    assert pictures.size_of(default_storage.save("a.svg", drawing())) == (480, 360)
    assert pictures.size_of(default_storage.save("a.png", photograph())) == (40, 30)


def test_a_missing_or_broken_picture_has_no_size():
    assert pictures.size_of("nothing.png") is None
    assert pictures.size_of(default_storage.save("b.png", ContentFile(b"broken"))) is None


def test_a_picture_is_named_by_its_content():
    assert pictures.stored_name(drawing(name="x.SVG")) == pictures.stored_name(drawing(name="y.svg"))
    assert pictures.stored_name(drawing()) != pictures.stored_name(drawing("<path/>"))
