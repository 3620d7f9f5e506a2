"""Which kind a file is of. What is not on the list is refused, in words for what it seems to be."""

from pathlib import Path

import filetype

from appointments.documents.scanning.filechecks import dicom, pdfs, pictures, zips
from appointments.documents.scanning.filechecks.problems import SEND, FileProblem

HEAD = 8192  # bytes that tell what a file is
CHECKS = {"pdf": pdfs.check, "jpg": pictures.check_jpeg, "png": pictures.check_png, "zip": zips.check}
KINDS = {"pdf": "pdf", "jpg": "jpeg", "png": "png", "zip": "dicom_zip"}
# The ends of names, as `filetype` gives them for what it sees in the content.
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
    """The kind of a file, a value of `FileKind`. Raises FileProblem when it is not to be kept."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise FileProblem("This file is empty. Look whether it opens on your device, and send it again.")
    if dicom.looks_like(head):
        dicom.check(path)
        return "dicom"
    guessed = filetype.guess(head)
    found = guessed.extension if guessed else ""
    if found not in CHECKS:
        raise FileProblem(_not_taken(OTHERS.get(found) or _without_a_mark(head)))
    CHECKS[found](path)
    return KINDS[found]


def _not_taken(what: str) -> str:
    return f"This is {what}. {CONVERT.get(what, SEND)}"


def _without_a_mark(head: bytes) -> str:
    """What a file is that carries no mark of its type at its start: text, or something we do not know."""
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
