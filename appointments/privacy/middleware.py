"""What has to be true before a web process shows anything about a patient."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from appointments.privacy import erasure

ABOUT_PATIENTS = ("/appointment/", "/second-opinion/book/", "/calendar/", "/admin/")


class ErasedStayErasedMiddleware:
    """Apply erasures again before this process answers its first request about patients.

    A restore from an older backup means a new start (docs/operations.md), and so a first request. If it fails, that
    request fails with it, and the next one tries again: nothing that was erased is ever shown.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_done = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.is_done and request.path_info.startswith(ABOUT_PATIENTS):
            erasure.apply_again()
            self.is_done = True
        return self.get_response(request)
