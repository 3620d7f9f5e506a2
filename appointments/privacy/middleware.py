"""Repeats erasures before a web process shows data of patients."""

from appointments.privacy import erasure
from calcsite.web.middleware import FirstRequestMiddleware

ABOUT_PATIENTS = ("/appointment/", "/second-opinion/book/", "/calendar/", "/admin/")


class ReapplyErasuresMiddleware(FirstRequestMiddleware):
    """Apply erasures again before this process answers its first request about patients.

    A restore from an older backup implies a restart (docs/operations.md), and so a first request. If it fails, the
    request fails with it and the next one retries, so that no erased data is shown.
    """

    paths = ABOUT_PATIENTS
    check = staticmethod(erasure.apply_again)
