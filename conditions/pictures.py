"""Pictures of condition pages: the allowed uploads, their names in storage and their sizes."""

import hashlib
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from PIL import Image, UnidentifiedImageError

FOLDER = "conditions"  # in storage
# A picture opened by itself may draw and style itself, and do nothing else.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
MAX_BYTES = 1024 * 1024
MAX_PIXELS = 20_000_000
FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP", "svg": "SVG"}
PIXELS = r"[0-9]{1,5}(\.[0-9]{1,6})?(px)?"
SVG = "{http://www.w3.org/2000/svg}"
# Drawing only: nothing that runs, loads or animates.
SVG_ELEMENTS = {
    SVG + name
    for name in [
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "style",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "use",
        "symbol",
        "clipPath",
        "mask",
        "linearGradient",
        "radialGradient",
        "stop",
        "pattern",
    ]
}


def upload_path(instance: Any, filename: str) -> str:
    """The name of a picture in storage: made from its content, so that a changed picture has a changed address.

    An edition keeps the address, and so keeps showing the picture that was approved.
    """
    return stored_name(instance.picture.file)


def stored_name(content: File) -> str:
    """The name that a picture with this content has in storage."""
    digest = hashlib.sha256(content_of(content)).hexdigest()[:16]
    return f"{FOLDER}/{digest}.{extension(content.name)}"


def content_of(file: File) -> bytes:
    """The whole content of a file, which is left open at its beginning, or closed, as it was."""
    was_closed = file.closed
    file.seek(0)
    content = file.read()
    if was_closed:
        file.close()
    else:
        file.seek(0)
    return content


def extension(filename: str) -> str:
    return PurePosixPath(filename).suffix.lower().lstrip(".")


def validate_picture(picture: File) -> None:
    """Raises ValidationError unless the file has the type of its name, is small enough, and as an SVG only draws.

    A stored picture was checked when it was uploaded; a missing file must not block a save of the text.
    """
    if getattr(picture, "_committed", False):
        return
    form = FORMATS.get(extension(picture.name))
    if form is None:
        raise ValidationError("Choose a picture of the type SVG, PNG, JPEG or WebP.")
    if picture.size > MAX_BYTES:
        raise ValidationError("The picture is larger than 1 MB. Save a smaller copy and choose that.")
    content = content_of(picture)
    if form == "SVG":
        _svg_size(_svg_root(content))
    elif _raster(content).format != form:
        raise ValidationError("The file's name and its content don't match. Save it again as the type in its name.")


def with_address(stored: dict[str, Any] | None) -> dict[str, Any] | None:
    """The stored fields of a picture, with its address as `url`; None for a page without one."""
    return stored and stored | {"url": default_storage.url(stored["file"])}


def size_of(name: str) -> tuple[int, int] | None:
    """Width and height in pixels of a stored picture; None when the file is missing or cannot be read."""
    try:
        with default_storage.open(name) as file:
            content = file.read()
        if extension(name) == "svg":
            return _svg_size(_svg_root(content))
        return _raster(content).size
    except (OSError, ValidationError):
        return None


def _raster(content: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(content))
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ValidationError("The picture has too many pixels. Save a smaller copy and choose that.")
        image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError("The picture cannot be read. Save it again and choose the new file.") from error
    return image


def _svg_root(content: bytes) -> ElementTree.Element:
    try:
        text = content.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise ValidationError("The SVG declares a document type. Save it as “plain SVG”.")
        if re.search(r"<\?(?!xml\s)", text):
            raise ValidationError("The SVG holds instructions for programs. Save it as “plain SVG”.")
        root = ElementTree.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError) as error:
        raise ValidationError("The SVG cannot be read. Save it again as “plain SVG”.") from error
    if root.tag != SVG + "svg":
        raise ValidationError("The file is not an SVG drawing.")
    for element in root.iter():
        _check_draws_only(element)
    return root


def _check_draws_only(element: ElementTree.Element) -> None:
    """Raises ValidationError on anything that could run or load, or hide a load (a backslash in its styles)."""
    names = [name.rpartition("}")[2].lower() for name in element.attrib]
    if element.tag not in SVG_ELEMENTS or any(name.startswith("on") for name in names):
        raise ValidationError("The SVG holds something other than a drawing. Save it as “plain SVG”.")
    links = [value.strip() for name, value in element.attrib.items() if name.rpartition("}")[2] == "href"]
    styles = [*element.attrib.values(), *([("".join(element.itertext()))] if element.tag == SVG + "style" else [])]
    if any(not link.startswith("#") for link in links) or any(map(_loads, styles)):
        raise ValidationError("The SVG loads something from elsewhere. Embed nothing, and save it as “plain SVG”.")


def _loads(style: str) -> bool:
    addresses = re.findall(r"url\s*\(\s*['\"]?([^)]*)", style, re.IGNORECASE)
    return any(not address.startswith("#") for address in addresses) or bool(
        re.search(r"@import|image-set|\\", style, re.IGNORECASE)
    )


def _svg_size(root: ElementTree.Element) -> tuple[int, int]:
    """Width and height in pixels; for other units, those of the view box."""
    sides = [root.get("width", ""), root.get("height", "")]
    if not all(re.fullmatch(PIXELS, side) for side in sides):
        sides = re.split(r"[\s,]+", root.get("viewBox", "").strip())[2:]
    if len(sides) != 2 or not all(re.fullmatch(PIXELS, side) for side in sides):
        raise ValidationError("The SVG does not say how large it is. Give it a width, a height and a view box.")
    return round(float(sides[0].removesuffix("px"))), round(float(sides[1].removesuffix("px")))
