"""Base of the admin's screens about bookings: access to an appointment, and the audit entry for each look at it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from appointments.governance import audit
from appointments.governance.permissions import appointments_of
from appointments.models import Appointment, AuditEntry
from appointments.models.appointments import AppointmentQuerySet
from calcsite.admin.lookups import OwnFiltersOnly

View = Callable[..., HttpResponse]
form_screen = require_http_methods(["GET", "HEAD", "POST"])
FIRST_DAY, LAST_DAY = date(2000, 1, 10), date(2100, 1, 1)


class PlainTitles(OwnFiltersOnly):
    """Admin mixin: the title of a list is its verbose name, “Clinicians”, and not the action to take."""

    opts: Any

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


def moment(at: datetime) -> str:
    """A time in the format of all screens of booking, in the clinic's time zone."""
    return date_format(timezone.localtime(at), "D j M Y, H:i")


def day_in(asked: str) -> date:
    """The day in a query string, or today."""
    try:
        day = parse_date(asked)
    except ValueError:
        day = None
    return day if day and FIRST_DAY <= day <= LAST_DAY else timezone.localdate()


def needs(permission: str) -> Callable[[View], View]:
    """Decorator for views of staff with a permission. Raises PermissionDenied."""

    def with_permission(view: View) -> View:
        @wraps(view)
        def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return allowed

    return with_permission


def about_appointment(
    permission: str, among: Callable[[AbstractUser], AppointmentQuerySet] = appointments_of
) -> Callable[[View], View]:
    """Decorator for views of one appointment: staff who may see it and have the permission get its row; else 404.

    `among` limits the rows: medical views use `permissions.patients_of`.
    """

    def with_appointment(view: View) -> View:
        @needs(permission)
        @wraps(view)
        def allowed(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            seen = among(request.user).select_related(
                "slot__clinician", "slot__location", "appointment_type", "condition"
            )
            return view(request, get_object_or_404(seen, pk=pk), **kwargs)

        return allowed

    return with_appointment


def screen(request: HttpRequest, template: str, status: int = 200, **context: Any) -> TemplateResponse:
    """An admin page about bookings."""
    shared = {"opts": Appointment._meta, "zone": timezone.get_default_timezone_name()}
    context = admin.site.each_context(request) | shared | context
    return TemplateResponse(request, f"admin/appointments/{template}", context, status=status)


def patient_screen(
    request: HttpRequest, template: str, appointment: Appointment, *, detail: str = "", **context: Any
) -> TemplateResponse:
    """An admin page about one patient. Reading it, or its `detail`, is audited before it is shown."""
    audit.record(AuditEntry.Action.READ, appointment, by=request.user, detail=detail)
    return screen(request, template, appointment=appointment, **context)


def record_listed(request: HttpRequest, appointments: Sequence[Appointment], detail: str = "") -> None:
    """Audit that a list shows the names of these patients."""
    audit.record(AuditEntry.Action.LISTED, *appointments, by=request.user, detail=detail)
