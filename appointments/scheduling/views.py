"""Photographs of clinicians, which are public."""

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from appointments.models import Clinician
from appointments.models.clinicians import PHOTOGRAPH_FOLDER
from conditions import pictures

DAY = 86_400  # seconds


@require_safe
def photograph(request: HttpRequest, name: str) -> FileResponse:
    """The photograph of a clinician, and no other stored file: not even one that they have replaced.

    Its name holds a digest, but it shows a person: it may be kept for a day, so that one taken down is soon gone.
    """
    stored = f"{PHOTOGRAPH_FOLDER}/{name}"
    if not Clinician.objects.filter(photograph=stored).exists():
        raise Http404
    try:
        file = default_storage.open(stored)
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    headers = {"Content-Security-Policy": pictures.POLICY, "Cache-Control": f"public, max-age={DAY}"}
    return FileResponse(file, content_type="image/jpeg", headers=headers)
