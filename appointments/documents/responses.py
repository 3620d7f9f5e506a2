"""Handing out a document: unchanged, as a download, and harmless in a browser that opens it all the same."""

from django.http import FileResponse, Http404

from appointments.choices import FileKind
from appointments.models import Document

TYPES = {
    FileKind.PDF: "application/pdf",
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.DICOM: "application/dicom",
    FileKind.DICOM_ZIP: "application/zip",
}
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex",
}


def served(document: Document) -> FileResponse:
    """The file as an attachment, piece by piece, as the type that its content has."""
    try:
        file = document.file.open("rb")
    except FileNotFoundError as error:
        raise Http404("The file of this document is missing.") from error
    return FileResponse(
        file, as_attachment=True, filename=document.name, content_type=TYPES[document.kind], headers=HEADERS
    )
