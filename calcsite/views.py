"""What belongs to the site as a whole: pictures, health, and what robots may read."""

import mimetypes

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from calcsite.compression import Compressed
from calcsite.publicpages import compressed_response

# An uploaded picture opened by itself may draw and style itself, and do nothing else.
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
YEAR = 365 * 24 * 60 * 60


@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """A published picture. Names hold a digest of the content, so a browser may keep the file for ever."""
    try:
        file = default_storage.open(name)
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = compressed_drawing(request, file) if kind == "image/svg+xml" else FileResponse(file)
    response["Content-Type"] = kind
    response["Content-Security-Policy"] = FILE_POLICY
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def compressed_drawing(request: HttpRequest, file: File) -> HttpResponse:
    with file:
        return compressed_response(request, Compressed.quickly(file.read()))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Where browsers look that have not read a page's own link to the icon."""
    return redirect(static("img/favicon.svg"))


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Whether this process answers at all. Asks nothing of the database."""
    return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether this process can serve people: the database answers and has every migration."""
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
    """A form without its token: sent from elsewhere, or from a page that was left open for too long."""
    return render(request, "403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)
