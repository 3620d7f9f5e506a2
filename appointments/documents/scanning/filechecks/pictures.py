"""Photos and scans. They are kept byte for byte: saving one again could lose what a clinician looks for."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from PIL import Image

from appointments.documents.scanning.filechecks.problems import FileProblem

MOST_PIXELS = 200_000_000  # what the largest cameras of phones take
Found = TypeVar("Found")
PNG_START, PNG_PART = 8, 12  # bytes of the signature, and of a chunk besides its content (PNG, 5.2 and 5.3)
BEHIND = "There is something else in this file, behind the picture. Open it, save it as a new picture, and send that."
BROKEN = "This picture cannot be opened. Look whether it opens on your device, and send it again."


def check_jpeg(path: Path) -> None:
    """Raises FileProblem unless it is a JPEG that opens, of a size that does.

    Cameras write more behind the picture (a second one, a short film). It is not looked at, and runs nowhere: the
    file is served as a picture, as an attachment.
    """
    with path.open("rb") as file, _opened(file, "JPEG") as image:
        # An eighth of the size: that reads all of the file, and needs little memory.
        image.draft(None, (image.width // 8, image.height // 8))
        _understood(image.load)


def check_png(path: Path) -> None:
    """Raises FileProblem unless it is a PNG whose parts are whole, of a size that opens, with nothing behind it."""
    with path.open("rb") as file, _opened(file, "PNG") as image:
        if getattr(image, "is_animated", False):
            raise FileProblem("This is a moving picture. Send a picture that stands still.")
        _understood(image.verify)
    with path.open("rb") as file:
        _go_behind(file)
        if file.read(1):
            raise FileProblem(BEHIND)


def _go_behind(file: BinaryIO) -> None:
    """Go to the end of the first chunk of a PNG that says it is the last one. Those before it were verified."""
    file.seek(PNG_START)
    while len(head := file.read(8)) == 8:
        file.seek(int.from_bytes(head[:4]) + PNG_PART - 8, os.SEEK_CUR)
        if head[4:] == b"IEND":
            return


def _opened(file: BinaryIO, form: str) -> Image.Image:
    """The picture, of which only the head was read so far."""
    Image.MAX_IMAGE_PIXELS = None  # ours is the limit, and has its own words
    image = _understood(lambda: Image.open(file, formats=[form]))
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise FileProblem(
            f"This picture is too large to open: {width:,} × {height:,} pixels. Save a smaller copy, and send that."
        )
    return image


def _understood(step: Callable[[], Found]) -> Found:
    """What a step gives. Whatever goes wrong in it, the picture is broken: Pillow raises nearly everything."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return step()
    except Exception as error:
        raise FileProblem(BROKEN) from error
