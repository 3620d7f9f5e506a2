"""The readiness board: who comes in the next days, what is missing, and a nudge in one click."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from appointments.governance.permissions import CHANGE, VIEW
from appointments.governance.screens import about_appointment, needs, record_listed, screen
from appointments.models import Appointment
from appointments.preparation import readiness
from calcsite.errors import UserFacingError
from calcsite.web.paging import links_to_pages, page_of

PER_PAGE = 50


def readiness_urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("readiness/", site.admin_view(board), name="appointments_readiness"),
        path("<int:pk>/nudge/", site.admin_view(nudge), name="appointments_appointment_nudge"),
    ]


def _days_in(asked: str) -> int:
    """How many days an address or a form asks for; the fewest when it asks for something else."""
    return int(asked) if asked in map(str, readiness.DAYS) else readiness.DAYS[0]


@require_safe
@needs(VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """Status only: what patients wrote is a link away, for their own clinician."""
    days = _days_in(request.GET.get("days", ""))
    page = page_of(readiness.coming(request.user, days=days), request.GET, per_page=PER_PAGE)
    record_listed(request, page.object_list, "Readiness")
    parts = QueryDict(mutable=True)
    parts["days"] = str(days)
    return screen(
        request,
        "preparation/readiness.html",
        days=days,
        choices=readiness.DAYS,
        page_obj=page,
        pages=links_to_pages(page, parts),
        rows=readiness.look(page.object_list),
        may_change=request.user.has_perm(CHANGE),
    )


@require_POST
@about_appointment(CHANGE)
def nudge(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Remind a patient of their list, and lead back to the board as it was."""
    try:
        readiness.nudge(appointment=appointment, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "A reminder is on its way. It says that something is open, and not what.")
    query = {"days": _days_in(request.POST.get("days", "")), "page": request.POST.get("page", "1")[:9]}
    return HttpResponseRedirect(f"{reverse('admin:appointments_readiness')}?{urlencode(query)}")
