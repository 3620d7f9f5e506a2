"""Zip files of DICOM images, as hospitals and CDs give them. Every file inside is checked, and none is ever unpacked
to a disk. All limits hold for what is really there, and not for what the file says of itself.
"""

import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from appointments.documents.scanning.filechecks import dicom
from appointments.documents.scanning.filechecks.names import readable
from appointments.documents.scanning.filechecks.problems import FileProblem

MOST_FILES = 5_000  # a large CT has about 2,000 images
MOST_UNPACKED = 4 * 1024**3  # bytes
MOST_RATIO = 100  # how much smaller packing makes a file; images come to 2 to 10
SMALL = 1024**2  # below which a ratio says nothing
CHUNK = 1024**2
# What a Mac adds to every zip file: its own notes on each file, and on each folder.
MAC_NOTES = (b"\0\x05\x16\x07", b"\0\0\0\x01Bud1")
MOST_OF_MAC_NOTES = 64 * 1024

OFFICE = "[Content_Types].xml"  # which every file of Word, Excel and PowerPoint begins with

AGAIN = "Make a zip file of the DICOM images only, and send that."
BROKEN = f"This zip file cannot be opened. {AGAIN}"
EMPTY = f"This zip file is empty. {AGAIN}"
A_DOCUMENT = "This is an office document. Save it as a PDF, and send that."
LOCKED = "This zip file is locked with a password. Make one without a password, and send that."
OUTSIDE = f"This zip file would write outside its own folder. {AGAIN}"
TOO_MANY = f"There are more than {MOST_FILES:,} files in this zip file. Send it in parts."
TOO_LARGE = "This zip file is far larger when it is unpacked. Send it in parts, with DICOM images only."


def check(path: Path) -> None:
    """Raises FileProblem unless it is a zip file with nothing in it but DICOM images."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
    except FileProblem:
        raise
    except Exception as error:  # a file from anybody: its lists can ask for more memory than there is, too
        raise FileProblem(BROKEN) from error


def _check_members(archive: zipfile.ZipFile) -> None:
    # A folder with content is none: programs that unpack it go by either.
    files = [member for member in archive.infolist() if not member.is_dir() or member.file_size]
    _check_list(archive.infolist(), files, Path(archive.filename).stat().st_size)
    images = sum(_check_member(archive, member) for member in files)
    if not images:
        raise FileProblem(EMPTY)


def _check_list(members: list[zipfile.ZipInfo], files: list[zipfile.ZipInfo], size: int) -> None:
    """What can be said before anything is unpacked, of a zip file of that many bytes."""
    if any(member.filename == OFFICE for member in files):
        raise FileProblem(A_DOCUMENT)
    if len(members) > MOST_FILES:
        raise FileProblem(TOO_MANY)
    if any(member.flag_bits & 0x1 for member in files):
        raise FileProblem(LOCKED)
    if any(_leads_outside(member) for member in members):
        raise FileProblem(OUTSIDE)
    unpacked, packed = sum(each.file_size for each in files), sum(each.compress_size for each in files)
    packed = min(packed, size)  # more than there is: the same bytes are used for many files
    if unpacked > MOST_UNPACKED or (unpacked > SMALL and unpacked > packed * MOST_RATIO):
        raise FileProblem(TOO_LARGE)


def _leads_outside(member: zipfile.ZipInfo) -> bool:
    """Whether unpacking it could write elsewhere: an absolute path, a step up, a drive, or a link."""
    name = member.orig_filename.replace("\\", "/")
    is_link = (member.external_attr >> 28) == 0xA
    return name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name or "\0" in name or is_link


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Check one file inside, to its last byte. Returns whether it is an image."""
    with archive.open(member) as file:
        head = file.read(dicom.HEAD)
        is_note = head.startswith(MAC_NOTES) and member.file_size <= MOST_OF_MAC_NOTES
        if not is_note:
            _check_head(member.filename, head)
        _read_on(file)
    return not is_note


def _check_head(name: str, head: bytes) -> None:
    shown = readable(PurePosixPath(name).name)[:60]
    if not dicom.looks_like(head):
        raise FileProblem(f"There is something in this zip file that is no DICOM image: “{shown}”. {AGAIN}")
    try:
        dicom.check_head(head, may_be_contents=True)
    except FileProblem as problem:
        raise FileProblem(f"In this zip file, “{shown}” cannot be taken. {problem}") from problem


def _read_on(file: BinaryIO) -> None:
    """To the end, where the sum is compared (BadZipFile): what was broken on its way is found here."""
    while file.read(CHUNK):
        pass
