"""Photos and scans. They are stored byte for byte: re-encoding could lose details that a clinician needs."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from PIL import Image

from appointments.documents.scanning.filechecks.problems import FileProblem

MAX_PIXELS = 200_000_000  # the resolution of the largest phone cameras
Found = TypeVar("Found")
PNG_START, PNG_PART = 8, 12  # bytes of the signature, and of a chunk besides its content (PNG, 5.2 and 5.3)
DATA_APPENDED = (
    "There is something else in this file, behind the picture. Open it, save it as a new picture, and send that."
)
BROKEN = "This picture cannot be opened. Look whether it opens on your device, and send it again."


def check_jpeg(path: Path) -> None:
    """Raises FileProblem unless it is a JPEG that opens, of at most `MAX_PIXELS`.

    Cameras append data to the picture (a second one, a short film). It is not checked: the file is served as a
    picture, as a download.
    """
    with path.open("rb") as file, _opened(file, "JPEG") as image:
        # Decoding at an eighth of the size reads the whole file with little memory.
        image.draft(None, (image.width // 8, image.height // 8))
        _run_pillow(image.load)


def check_png(path: Path) -> None:
    """Raises FileProblem unless it is a PNG of intact chunks, of at most `MAX_PIXELS`, with nothing appended."""
    with path.open("rb") as file, _opened(file, "PNG") as image:
        if getattr(image, "is_animated", False):
            raise FileProblem("This is a moving picture. Send a picture that stands still.")
        _run_pillow(image.verify)
    with path.open("rb") as file:
        _seek_behind_iend(file)
        if file.read(1):
            raise FileProblem(DATA_APPENDED)


def _seek_behind_iend(file: BinaryIO) -> None:
    """Seek to the end of the first IEND chunk of a PNG whose chunks are verified."""
    file.seek(PNG_START)
    while len(head := file.read(8)) == 8:
        file.seek(int.from_bytes(head[:4]) + PNG_PART - 8, os.SEEK_CUR)
        if head[4:] == b"IEND":
            return


def _opened(file: BinaryIO, form: str) -> Image.Image:
    """The picture, of which only the head was read so far. Raises FileProblem if it is too large."""
    Image.MAX_IMAGE_PIXELS = None  # MAX_PIXELS is the limit, with its own message
    image = _run_pillow(lambda: Image.open(file, formats=[form]))
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise FileProblem(
            f"This picture is too large to open: {width:,} × {height:,} pixels. Save a smaller copy, and send that."
        )
    return image


def _run_pillow(step: Callable[[], Found]) -> Found:
    """Run a step of Pillow. Raises FileProblem for any exception: Pillow has no common base for them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return step()
    except Exception as error:
        raise FileProblem(BROKEN) from error
