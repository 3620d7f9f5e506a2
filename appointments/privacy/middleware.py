"""Repeats erasures before a web process shows data of patients."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from appointments.privacy import erasure

ABOUT_PATIENTS = ("/appointment/", "/second-opinion/book/", "/calendar/", "/admin/")


class ReapplyErasuresMiddleware:
    """Apply erasures again before this process answers its first request about patients.

    A restore from an older backup implies a restart (docs/operations.md), and so a first request. If it fails, the
    request fails with it and the next one retries, so that no erased data is shown.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_done = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.is_done and request.path_info.startswith(ABOUT_PATIENTS):
            erasure.apply_again()
            self.is_done = True
        return self.get_response(request)
