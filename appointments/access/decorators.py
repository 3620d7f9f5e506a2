"""Decorators for the pages of one appointment: entered by an e-mailed link, and by a code where they are medical.

A code is six digits, sent to the patient's address. It opens the medical pages for `READING_TIME`. A form that was
open when that ended can still be sent until `WRITING_TIME` has ended (WCAG 2.2, 2.2.6: no data is lost within 20
hours); after that a new code is needed.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from appointments.access import links
from appointments.models import Appointment

View = Callable[..., HttpResponse]


form_page = require_http_methods(["GET", "HEAD", "POST"])


def with_appointment(view: View) -> View:
    """Decorator for pages of one appointment. Without a valid link, every address answers with the same page."""

    @wraps(view)
    def entered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        link_pk = request.session.get(links.SESSION)
        link = links.usable_links().filter(pk=link_pk).first()
        if link is None and link_pk and links.ended_by_cancelling(link_pk):
            return redirect("patient:cancelled")
        if link is not None:
            with suppress(Appointment.DoesNotExist):  # everything about the patient was erased this very moment
                return view(request, link.appointment, *args, **kwargs)
        return render(request, "appointments/access/link_needed.html", status=403)

    return entered


CODE = "appointment_code"  # the session's key of the link for which a code was entered, and when
READING_TIME, WRITING_TIME = timedelta(hours=4), timedelta(hours=settings.WRITING_HOURS)


def with_code(view: View) -> View:
    """Decorator for medical pages of one appointment: they need a link and a code."""

    @wraps(view)
    @with_appointment
    def reached(request: HttpRequest, appointment: Appointment, *args: object, **kwargs: object) -> HttpResponse:
        if not has_code(request, writing=request.method == "POST"):
            return HttpResponseRedirect(f"{reverse('patient:confirm')}?{urlencode({'next': request.path})}")
        return view(request, appointment, *args, **kwargs)

    return reached


def has_code(request: HttpRequest, *, writing: bool = False) -> bool:
    """Whether a code was entered in this browser, for the link that it came by, and not too long ago."""
    link, at = request.session.get(CODE, (None, ""))
    if link is None or link != request.session.get(links.SESSION):
        return False
    return timezone.now() - datetime.fromisoformat(at) < (WRITING_TIME if writing else READING_TIME)
