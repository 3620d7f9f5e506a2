"""DICOM images (DICOM PS3.10, 7.1): 128 bytes for anybody's use, the letters DICM, then what the image is of.

The 128 bytes can make the file a program too (CVE-2019-11687), so nothing but zeros or the head of a TIFF is taken
there. A reader finds an empty data set in nearly anything behind the letters, so the class of the image has to be
there.
"""

import io
import zlib
from pathlib import Path

from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.uid import UID

from appointments.documents.scanning.filechecks.problems import SEND, FileProblem

PREAMBLE = 128
MARK = b"DICM"
HEAD = 256 * 1024  # where the class of an image is always found: it is among the first elements
SOP_CLASS = 0x00080016
DIRECTORY = "1.2.840.10008.1.3.10"  # the contents of a CD, beside its images
ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # a document in a DICOM file
TIFF = (b"II*\0", b"MM\0*")

HIDDEN = "There is something else in this DICOM file, in front of the image. Ask who made it for the image alone."
NO_IMAGE = f"This file is marked as DICOM, and there is no image in it. {SEND}"
DOCUMENT = "This DICOM file holds a document and no image. Save the document as a PDF, and send that."
CONTENTS = "This is only the list of what is on a CD. Make a zip file of the folder with the images, and send that."


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this is marked as DICOM, whatever is in it."""
    return head[PREAMBLE : PREAMBLE + len(MARK)] == MARK


def check(path: Path) -> None:
    """Raises FileProblem unless it is a DICOM image."""
    with path.open("rb") as file:
        check_head(file.read(HEAD))


def check_head(head: bytes, *, may_be_contents: bool = False) -> None:
    """The same for the beginning of one; in a zip file, a CD's list of contents may be among the images."""
    preamble = head[:PREAMBLE]
    if preamble.strip(b"\0") and not preamble.startswith(TIFF):
        raise FileProblem(HIDDEN)
    kind = _class_of(head)
    if kind == DIRECTORY and not may_be_contents:
        raise FileProblem(CONTENTS)
    if kind.startswith(ENCAPSULATED):
        raise FileProblem(DOCUMENT)
    if not UID(kind).is_valid or "." not in kind:
        raise FileProblem(NO_IMAGE)


def _class_of(head: bytes) -> str:
    try:
        found = read_partial(io.BytesIO(head), stop_when=lambda tag, *_: tag > SOP_CLASS)
        return str(_named(found))
    except (Exception, zlib.error) as error:  # a file from anybody: pydicom raises nearly everything
        raise FileProblem(NO_IMAGE) from error


def _named(found: FileDataset) -> str:
    """The class that the image itself names; a list of contents has it in the head of the file only."""
    head = found.file_meta.get("MediaStorageSOPClassUID", "")
    return head if head == DIRECTORY else found.get("SOPClassUID", "")
