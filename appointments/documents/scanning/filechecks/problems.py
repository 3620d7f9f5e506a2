"""The refusal of a file, in words for its sender: the problem and the next step."""

SEND = "Send a PDF, a JPEG or PNG picture, or DICOM images."
PRINT = "Print it to a new PDF, and send that."


class FileProblem(Exception):
    """A file is refused. The message tells its sender why, and the next step."""
