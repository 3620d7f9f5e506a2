"""Why a file is refused, in words for who sent it: what it is, and what to do."""

SEND = "Send a PDF, a JPEG or PNG picture, or DICOM images."
PRINT = "Print it to a new PDF, and send that."


class FileProblem(Exception):
    """A file that is not kept. The message says why, and what to do instead."""
