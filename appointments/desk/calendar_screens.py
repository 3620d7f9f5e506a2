"""The calendar: a day or a week, of one clinician or the whole clinic. It is a page like others, without a script."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.desk.day_calendar import day_calendar, week_calendar
from appointments.governance.permissions import ADD, VIEW, clinicians_of
from appointments.governance.screens import day_in, needs, record_listed, screen
from calcsite.web.keys import key_in


def calendar_urls(site: AdminSite) -> list[URLPattern]:
    return [path("calendar/", site.admin_view(calendar), name="appointments_calendar")]


@require_safe
@needs(VIEW)
def calendar(request: HttpRequest) -> HttpResponse:
    day = day_in(request.GET.get("day", ""))
    is_week = request.GET.get("view") == "week"
    clinicians = clinicians_of(request.user)
    clinician = clinicians.filter(pk=key_in(request.GET.get("clinician"))).first()
    shown = (week_calendar if is_week else day_calendar)(request.user, day, of=clinician)
    record_listed(request, shown.appointments, "Calendar")
    context = {
        "is_nav_sidebar_enabled": False,  # a week needs the room
        "calendar": shown,
        "day": day,
        "is_week": is_week,
        "clinicians": clinicians,
        "clinician": clinician,
        "may_book": request.user.has_perm(ADD),
        "may_close": request.user.has_perm("appointments.add_closure"),
        "ways": _navigation(day, is_week, clinician and clinician.pk),
    }
    return screen(request, "desk/calendar.html", **context)


def _navigation(day: date, is_week: bool, clinician: int | None) -> dict[str, str]:
    """The links to the neighbouring days, weeks and clinicians."""
    step = timedelta(days=7 if is_week else 1)

    def address(to: date, view: str = "week" if is_week else "day") -> str:
        return "?" + urlencode({"day": to, "view": view} | ({"clinician": clinician} if clinician else {}))

    return {
        "previous": address(day - step),
        "today": address(timezone.localdate()),
        "next": address(day + step),
        "as_day": address(day, "day"),
        "as_week": address(day, "week"),
    }
