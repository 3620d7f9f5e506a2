"""What a file is called: harmless for every system that it may be saved on, and still the name that people know."""

import mimetypes
import re
import unicodedata
from pathlib import PurePosixPath

LONGEST = 150  # characters, the end included
ENDS = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png", "dicom": ".dcm", "dicom_zip": ".zip"}
SPECIAL = re.compile(r'[<>:"|?*/\\]')  # to some system or other
# Controls, format characters such as the one that turns text round, halves of pairs, private ones, line separators.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
KNOWN = set(mimetypes.MimeTypes().types_map[True]) | {".dcm", ".dicom", ".jpeg", ".exe", ".scr", ".js", ".hta"}


def readable(name: str) -> str:
    """A name in one line, without what cannot be seen or means something to a system."""
    shown = "".join(
        " " if unicodedata.category(sign) in UNSEEN else sign for sign in unicodedata.normalize("NFC", name)
    )
    return " ".join(SPECIAL.sub("-", shown).split())


def harmless(name: str, kind: str) -> str:
    """The name that a file of this kind is kept under: without a path, and with the end that its content has.

    Ends of other kinds go: what was called `a.pdf.html` and is a PDF is `a.pdf`.
    """
    stem = readable(re.split(r"[/\\]", name)[-1])
    while (end := PurePosixPath(stem).suffix) and end.lower() in KNOWN:
        stem = stem[: -len(end)].rstrip()
    stem = stem.strip(" .")
    if DEVICES.fullmatch(stem):
        stem = f"File {stem}"
    end = ENDS[kind]
    return (stem[: LONGEST - len(end)].rstrip(" .") or "File") + end
