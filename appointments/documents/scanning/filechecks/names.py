"""File names that are harmless on every system, and that users still recognise."""

import mimetypes
import re
import unicodedata
from pathlib import PurePosixPath

MAX_NAME_LENGTH = 150  # characters, the extension included
EXTENSIONS = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png", "dicom": ".dcm", "dicom_zip": ".zip"}
SPECIAL = re.compile(r'[<>:"|?*/\\]')  # on some operating system
# Controls, format characters such as the one that turns text round, halves of pairs, private ones, line separators.
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
KNOWN_EXTENSIONS = set(mimetypes.MimeTypes().types_map[True])
KNOWN_EXTENSIONS |= {".dcm", ".dicom", ".jpeg", ".exe", ".scr", ".js", ".hta"}


def readable(name: str) -> str:
    """A name on one line, without invisible characters and those with a meaning to an operating system."""
    shown = "".join(
        " " if unicodedata.category(sign) in INVISIBLE else sign for sign in unicodedata.normalize("NFC", name)
    )
    return " ".join(SPECIAL.sub("-", shown).split())


def safe_name(name: str, kind: str) -> str:
    """The stored name of a file of this kind: without a path, and with the extension of its content.

    Other extensions are removed: a PDF named `a.pdf.html` becomes `a.pdf`.
    """
    stem = readable(re.split(r"[/\\]", name)[-1])
    while (end := PurePosixPath(stem).suffix) and end.lower() in KNOWN_EXTENSIONS:
        stem = stem[: -len(end)].rstrip()
    stem = stem.strip(" .")
    if DEVICE_NAMES.fullmatch(stem):
        stem = f"File {stem}"
    end = EXTENSIONS[kind]
    return (stem[: MAX_NAME_LENGTH - len(end)].rstrip(" .") or "File") + end
