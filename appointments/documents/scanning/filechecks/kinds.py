"""The kind of a file. A file of any other kind is refused, with the name of its kind and the next step."""

from pathlib import Path

import filetype

from appointments.documents.scanning.filechecks import dicom, pdfs, pictures, zips
from appointments.documents.scanning.filechecks.problems import SEND, FileProblem

HEAD_BYTES = 8192  # read to recognise the kind
CHECKS = {"pdf": pdfs.check, "jpg": pictures.check_jpeg, "png": pictures.check_png, "zip": zips.check}
KINDS = {"pdf": "pdf", "jpg": "jpeg", "png": "png", "zip": "dicom_zip"}
# By the extension that `filetype` returns for the content.
OTHERS = {
    "gif": "a GIF picture",
    "apng": "a moving PNG picture",
    "heic": "a HEIC photo, as newer phones take them",
    "avif": "an AVIF picture",
    "webp": "a WebP picture",
    "tif": "a TIFF picture",
    "bmp": "a BMP picture",
    "docx": "a Word document",
    "doc": "a Word document",
    "odt": "a text document",
    "rtf": "a text document",
    "xlsx": "a spreadsheet",
    "xls": "a spreadsheet",
    "ods": "a spreadsheet",
    "pptx": "a presentation",
    "ppt": "a presentation",
    "odp": "a presentation",
    "mp4": "a video",
    "mov": "a video",
    "m4v": "a video",
    "avi": "a video",
    "mp3": "a sound recording",
    "m4a": "a sound recording",
    "wav": "a sound recording",
    "exe": "a program",
    "elf": "a program",
    "rar": "a RAR archive",
    "7z": "a 7-Zip archive",
    "gz": "a packed file",
}
CONVERT = {
    "a HEIC photo, as newer phones take them": "Save it as a JPEG, or take a screenshot of it, and send that.",
    "a Word document": "Save it as a PDF, and send that.",
    "a text document": "Save it as a PDF, and send that.",
    "a spreadsheet": "Save it as a PDF, and send that.",
    "a presentation": "Save it as a PDF, and send that.",
    "a RAR archive": "Make a zip file of the DICOM images in it, and send that.",
    "a 7-Zip archive": "Make a zip file of the DICOM images in it, and send that.",
    "a packed file": "Unpack it first, and send what is in it.",
}
MARKUP = {
    "an SVG picture": (b"<svg",),
    "a web page": (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<iframe", b"<img"),
}


def kind_of(path: Path) -> str:
    """The kind of a file, a value of `FileKind`. Raises FileProblem if it is refused."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise FileProblem("This file is empty. Look whether it opens on your device, and send it again.")
    if dicom.has_dicom_mark(head):
        dicom.check(path)
        return "dicom"
    guessed = filetype.guess(head)
    found = guessed.extension if guessed else ""
    if found not in CHECKS:
        kind = OTHERS.get(found) or _kind_without_signature(head)
        raise FileProblem(f"This is {kind}. {CONVERT.get(kind, SEND)}")
    CHECKS[found](path)
    return KINDS[found]


def _kind_without_signature(head: bytes) -> str:
    """The kind of a file that has no signature at its start: markup, text or unknown."""
    lowered = head.replace(b"\0", b"").lower()
    for what, signs in MARKUP.items():
        if any(sign in lowered for sign in signs):
            return what
    return "a text file" if _is_text(head) else "a kind of file that we cannot open"


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-16" if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8", errors="ignore")
    except UnicodeError:
        return False
    return len(text) * 4 >= len(head) and all(sign.isprintable() or sign in "\t\r\n\f" for sign in text)
