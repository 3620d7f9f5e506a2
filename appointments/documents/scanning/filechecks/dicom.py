"""DICOM images (DICOM PS3.10, 7.1): a preamble of 128 bytes, the letters DICM, then the data set.

The preamble can make the file a program too (CVE-2019-11687), so only zeros or the head of a TIFF are accepted there.
Readers find an empty data set in nearly anything behind the letters, so the SOP class is required.
"""

import io
import zlib
from pathlib import Path

from pydicom.dataset import FileDataset
from pydicom.filereader import read_partial
from pydicom.uid import UID

from appointments.documents.scanning.filechecks.problems import SEND, FileProblem

PREAMBLE = 128
DICM = b"DICM"
HEAD_BYTES = 256 * 1024  # always contains the class of an image, one of the first elements
SOP_CLASS = 0x00080016
DIRECTORY = "1.2.840.10008.1.3.10"  # the contents of a CD, beside its images
ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # a document in a DICOM file
TIFF = (b"II*\0", b"MM\0*")

HIDDEN = "There is something else in this DICOM file, in front of the image. Ask who made it for the image alone."
NO_IMAGE = f"This file is marked as DICOM, and there is no image in it. {SEND}"
DOCUMENT = "This DICOM file holds a document and no image. Save the document as a PDF, and send that."
CONTENTS = "This is only the list of what is on a CD. Make a zip file of the folder with the images, and send that."


def has_dicom_mark(head: bytes) -> bool:
    """Whether the head of a file has the DICOM mark. The content is not checked."""
    return head[PREAMBLE : PREAMBLE + len(DICM)] == DICM


def check(path: Path) -> None:
    """Raises FileProblem unless it is a DICOM image."""
    with path.open("rb") as file:
        check_head(file.read(HEAD_BYTES))


def check_head(head: bytes, *, may_be_contents: bool = False) -> None:
    """Raises FileProblem unless it is the head of a DICOM image; `may_be_contents` accepts a CD's DICOMDIR."""
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
        return str(_sop_class(found))
    except (Exception, zlib.error) as error:  # pydicom raises nearly any exception for a hostile file
        raise FileProblem(NO_IMAGE) from error


def _sop_class(found: FileDataset) -> str:
    """The SOP class of the image; a DICOMDIR has it in the file meta information only."""
    head = found.file_meta.get("MediaStorageSOPClassUID", "")
    return head if head == DIRECTORY else found.get("SOPClassUID", "")
