"""Zip files of DICOM images, as hospitals and CDs supply them. Every member is checked, and never unpacked to a disk.
All limits apply to the actual content, not to the sizes that the file declares.
"""

import zipfile
from pathlib import Path, PurePosixPath

from appointments.documents.scanning.filechecks import dicom
from appointments.documents.scanning.filechecks.names import readable
from appointments.documents.scanning.filechecks.problems import FileProblem

MAX_FILES = 5_000  # a large CT has about 2,000 images
MAX_UNPACKED_BYTES = 4 * 1024**3  # bytes
MAX_RATIO = 100  # of unpacked to packed size; images reach 2 to 10
RATIO_FREE_BYTES = 1024**2  # bytes below which the ratio is not checked
CHUNK_BYTES = 1024**2
# AppleDouble and .DS_Store files, which macOS adds for each file and folder.
MAC_FILES = (b"\0\x05\x16\x07", b"\0\0\0\x01Bud1")
MAX_MAC_FILE_BYTES = 64 * 1024

OFFICE = "[Content_Types].xml"  # the first member of every Word, Excel and PowerPoint file

AGAIN = "Make a zip file of the DICOM images only, and send that."
BROKEN = f"This zip file cannot be opened. {AGAIN}"
EMPTY = f"This zip file is empty. {AGAIN}"
A_DOCUMENT = "This is an office document. Save it as a PDF, and send that."
LOCKED = "This zip file is locked with a password. Make one without a password, and send that."
OUTSIDE = f"This zip file would write outside its own folder. {AGAIN}"
TOO_MANY = f"There are more than {MAX_FILES:,} files in this zip file. Send it in parts."
TOO_LARGE = "This zip file is far larger when it is unpacked. Send it in parts, with DICOM images only."


def check(path: Path) -> None:
    """Raises FileProblem unless it is a zip file that contains only DICOM images."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive)
    except FileProblem:
        raise
    except Exception as error:  # also MemoryError: a hostile directory can demand any amount
        raise FileProblem(BROKEN) from error


def _check_members(archive: zipfile.ZipFile) -> None:
    # An entry that is named as a folder and has content counts as a file, as some unpackers treat it.
    files = [member for member in archive.infolist() if not member.is_dir() or member.file_size]
    _check_list(archive.infolist(), files, Path(archive.filename).stat().st_size)
    images = sum(_check_member(archive, member) for member in files)
    if not images:
        raise FileProblem(EMPTY)


def _check_list(members: list[zipfile.ZipInfo], files: list[zipfile.ZipInfo], size: int) -> None:
    """Check the directory of a zip file of `size` bytes, before anything is unpacked."""
    if any(member.filename == OFFICE for member in files):
        raise FileProblem(A_DOCUMENT)
    if len(members) > MAX_FILES:
        raise FileProblem(TOO_MANY)
    if any(member.flag_bits & 0x1 for member in files):
        raise FileProblem(LOCKED)
    if any(_is_outside_folder(member) for member in members):
        raise FileProblem(OUTSIDE)
    unpacked, packed = sum(each.file_size for each in files), sum(each.compress_size for each in files)
    packed = min(packed, size)  # the sum exceeds `size` if members overlap
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_FREE_BYTES and unpacked > packed * MAX_RATIO):
        raise FileProblem(TOO_LARGE)


def _is_outside_folder(member: zipfile.ZipInfo) -> bool:
    """Whether unpacking could write elsewhere: an absolute path, a parent folder, a drive, or a link."""
    name = member.orig_filename.replace("\\", "/")
    is_link = (member.external_attr >> 28) == 0xA
    return name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name or "\0" in name or is_link


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Check one member to its last byte. Returns whether it is an image."""
    with archive.open(member) as file:
        head = file.read(dicom.HEAD_BYTES)
        is_note = head.startswith(MAC_FILES) and member.file_size <= MAX_MAC_FILE_BYTES
        if not is_note:
            _check_head(member.filename, head)
        while file.read(CHUNK_BYTES):  # to the end, where the checksum is compared (BadZipFile)
            pass
    return not is_note


def _check_head(name: str, head: bytes) -> None:
    shown = readable(PurePosixPath(name).name)[:60]
    if not dicom.has_dicom_mark(head):
        raise FileProblem(f"There is something in this zip file that is no DICOM image: “{shown}”. {AGAIN}")
    try:
        dicom.check_head(head, may_be_contents=True)
    except FileProblem as problem:
        raise FileProblem(f"In this zip file, “{shown}” cannot be taken. {problem}") from problem
