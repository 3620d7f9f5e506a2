"""Photographs of clinicians: what may be uploaded, and what is kept of it.

A camera writes into a photograph where and when it was taken, and by which device. So what is uploaded is never what
is served: the picture is drawn anew, smaller, and nothing else of the file is kept.
"""

import hashlib
import io

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from PIL import Image, ImageOps, UnidentifiedImageError

from conditions import pictures

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST = 10 * 1024 * 1024  # bytes of an upload
MOST_PIXELS = 30_000_000  # of an upload
SIDE = 640  # pixels of the longer side of what is kept: four times what is shown, for screens that show more
WRONG_TYPE = "Choose a photograph of the type JPEG, PNG or WebP. This file is none, or it is damaged."


def prepared(upload: File) -> ContentFile:
    """The photograph to keep: upright, small, without anything that the camera wrote, and named by its content.

    Raises ValidationError for a file that is too large, has too many pixels, or is no photograph.
    """
    if upload.size > LARGEST:
        raise ValidationError("The photograph is larger than 10 MB. Save a smaller copy and choose that.")
    kept = io.BytesIO()
    _drawn_anew(pictures.content_of(upload)).save(kept, "JPEG", quality=85, optimize=True, progressive=True)
    content = kept.getvalue()
    return ContentFile(content, name=f"{hashlib.sha256(content).hexdigest()[:16]}.jpg")


def _drawn_anew(content: bytes) -> Image.Image:
    """The pixels alone, turned as the camera was held, on white where they are transparent."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MOST_PIXELS:
            raise ValidationError("The photograph has more than 30 megapixels. Save a smaller copy and choose that.")
        image.draft("RGB", (SIDE, SIDE))  # of a JPEG, no more is unpacked than is needed
        image = ImageOps.exif_transpose(image).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError(WRONG_TYPE) from error
    image.thumbnail((SIDE, SIDE))
    drawn = Image.new("RGB", image.size, "white")
    drawn.paste(image, mask=image)
    return drawn
