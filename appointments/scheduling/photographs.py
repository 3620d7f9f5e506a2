"""Photographs of clinicians: the accepted uploads, and the picture that is kept.

A camera writes the place, the time and its own name into a photograph. So an upload is never served itself: the
picture is drawn anew, smaller, and nothing else of the file is kept.
"""

import hashlib
import io

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from PIL import Image, ImageOps, UnidentifiedImageError

from conditions import pictures

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_UPLOAD_BYTES = 10 * 1024 * 1024
MAX_UPLOAD_PIXELS = 30_000_000
SIDE_PIXELS = 640  # of the longer side of the kept picture: four times the shown one, for dense screens
WRONG_TYPE = "Choose a photograph of the type JPEG, PNG or WebP. This file is none, or it is damaged."


def prepared(upload: File) -> ContentFile:
    """The photograph to keep: upright, small, without anything that the camera wrote, and named by its content.

    Raises ValidationError for a file that is too large, has too many pixels, or is no photograph.
    """
    if upload.size > MAX_UPLOAD_BYTES:
        raise ValidationError("The photograph is larger than 10 MB. Save a smaller copy and choose that.")
    kept = io.BytesIO()
    _drawn_anew(pictures.content_of(upload)).save(kept, "JPEG", quality=85, optimize=True, progressive=True)
    content = kept.getvalue()
    return ContentFile(content, name=f"{hashlib.sha256(content).hexdigest()[:16]}.jpg")


def _drawn_anew(content: bytes) -> Image.Image:
    """The pixels alone, turned as the camera was held, on white where they are transparent."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        if image.width * image.height > MAX_UPLOAD_PIXELS:
            raise ValidationError("The photograph has more than 30 megapixels. Save a smaller copy and choose that.")
        image.draft("RGB", (SIDE_PIXELS, SIDE_PIXELS))  # of a JPEG, no more is unpacked than is needed
        image = ImageOps.exif_transpose(image).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValidationError(WRONG_TYPE) from error
    image.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
    drawn = Image.new("RGB", image.size, "white")
    drawn.paste(image, mask=image)
    return drawn
