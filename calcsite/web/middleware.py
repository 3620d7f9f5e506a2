"""The project's own small middlewares."""

import base64
import functools
import hashlib
import re
from collections.abc import Callable
from urllib.parse import unquote_plus, urlencode

from csp.middleware import CSPMiddleware, PolicyParts
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django_prose_editor.widgets import importmap
from psycopg.errors import DatetimeFieldOverflow, NumericValueOutOfRange

from calcsite.signin import sessions
from calcsite.views import bad_request

# The inline style sheet of the rich text editor (django-prose-editor 0.28.0). A browser test looks for violations of
# the policy in the admin, and fails when another version of the editor needs another hash.
EDITOR_STYLE_HASH = "'sha256-PlumsSlvJ7vvWzjqibGAYKq92O3y/4JTxWWsWJvyUYA='"


class ImpossibleValueMiddleware(MiddlewareMixin):
    """Answer 400 to values that no link or form of ours sends: a NUL character, which PostgreSQL cannot compare, and
    numbers out of the database's range.
    """

    def process_view(self, request: HttpRequest, *args: object) -> None:
        if "\0" in request.path_info or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
            raise BadRequest("The address holds a NUL character.")

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """SQLite's adapter and dates raise OverflowError; PostgreSQL reports a value out of range."""
        cause = exception.__cause__
        if isinstance(exception, OverflowError) or isinstance(cause, NumericValueOutOfRange | DatetimeFieldOverflow):
            return bad_request(request, exception)
        return None


class FirstRequestMiddleware:
    """A check before this process answers its first request under one of the `paths`.

    If it fails, that request fails with it, and the next one tries again.
    """

    paths: tuple[str, ...]
    check: Callable[[], object]

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.is_done = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.is_done and request.path_info.startswith(self.paths):
            self.check()
            self.is_done = True
        return self.get_response(request)


class PrivateByDefaultMiddleware:
    """Responses without a Cache-Control header are private and not stored."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The policy of the settings; in the admin, the inline script and style of the rich text editor are allowed by
    hash.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(reverse("admin:index")):
            parts.update = {"script-src": [editor_import_map_hash()], "style-src": [EDITOR_STYLE_HASH]}
        return parts


@functools.cache
def editor_import_map_hash() -> str:
    """The CSP source that allows the rich text editor's import map, an inline script, and no other."""
    script = re.sub(r"^<script[^>]*>|</script>$", "", str(importmap))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


class SessionLimitsMiddleware:
    """Sign out a session that exceeds a limit, show the reason, and return to the same page after the next sign-in.

    Applies to the admin only: public pages read no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(reverse("admin:index")) and request.user.is_authenticated:
            reached = sessions.limit_reached(request.session)
            if reached:
                logout(request)
                parameters = {"next": request.get_full_path(), "ended": reached}
                return redirect(f"{reverse('admin:login')}?{urlencode(parameters)}")
            sessions.keep_time(request.session)
        return self.get_response(request)
