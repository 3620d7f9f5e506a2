"""The readiness board: the coming appointments, their missing parts, and a reminder in one click."""

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

APPOINTMENTS_PER_PAGE = 50


def readiness_urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("readiness/", site.admin_view(board), name="appointments_readiness"),
        path("<int:pk>/nudge/", site.admin_view(nudge), name="appointments_appointment_nudge"),
    ]


def _days_in(asked: str) -> int:
    """The number of days in an address or a form; the smallest one for any other value."""
    return int(asked) if asked in map(str, readiness.BOARD_DAYS) else readiness.BOARD_DAYS[0]


@require_safe
@needs(VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """The board shows the status only. For the patient's clinician it links to the content."""
    days = _days_in(request.GET.get("days", ""))
    page = page_of(readiness.coming(request.user, days=days), request.GET, per_page=APPOINTMENTS_PER_PAGE)
    record_listed(request, page.object_list, "Readiness")
    parts = QueryDict(mutable=True)
    parts["days"] = str(days)
    return screen(
        request,
        "preparation/readiness.html",
        days=days,
        choices=readiness.BOARD_DAYS,
        page_obj=page,
        pages=links_to_pages(page, parts),
        rows=readiness.readiness_of(page.object_list),
        may_change=request.user.has_perm(CHANGE),
    )


@require_POST
@about_appointment(CHANGE)
def nudge(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Remind a patient of their open tasks, and redirect to the same page of the board."""
    try:
        readiness.nudge(appointment=appointment, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "A reminder is on its way. It says that something is open, and not what.")
    query = {"days": _days_in(request.POST.get("days", "")), "page": request.POST.get("page", "1")[:9]}
    return HttpResponseRedirect(f"{reverse('admin:appointments_readiness')}?{urlencode(query)}")
