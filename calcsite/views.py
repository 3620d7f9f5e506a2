"""Views of the site as a whole: health checks, error pages, and robots.txt."""

import sys

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views import defaults
from django.views.decorators.http import require_safe


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """The default icon address, for browsers that have not read a page's own link to the icon."""
    return redirect(static("img/favicon.svg"))


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all. Does not use the database."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve pages: the database answers and has every migration."""
    try:
        executor = MigrationExecutor(connection)
        ready = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        ready = False
    return HttpResponse(
        "ok" if ready else "not ready",
        status=200 if ready else 503,
        content_type="text/plain",
        headers={"Cache-Control": "no-store"},
    )


def refused_form(request: HttpRequest, reason: str) -> HttpResponse:
    """CSRF failure: a form from another site, or from a page that was open for too long."""
    return render(request, "refused_form.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; 503 if the database was unreachable or timed out, when a retry can help."""
    response = defaults.server_error(request)
    if is_database_away(sys.exc_info()[1]):
        response.status_code = 503
        response["Retry-After"] = "5"
    return response


def is_database_away(error: BaseException | None) -> bool:
    """Whether the database caused the error. SQLite raises OperationalError for faulty SQL, too."""
    is_wrong = getattr(getattr(error, "__cause__", None), "sqlite_errorname", "") == "SQLITE_ERROR"
    return isinstance(error, OperationalError | InterfaceError) and not is_wrong
