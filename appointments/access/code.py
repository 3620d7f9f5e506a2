"""What is medical needs a code besides the link: six figures, sent to the patient's address.

A code opens the pages for `READING`. Who was writing when that was over can still send what they wrote, until
`WRITING` is over too (WCAG 2.2, 2.2.6: nothing is lost within 20 hours), and is asked for a new code after that.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from appointments.access import links
from appointments.booking import booking
from appointments.booking.patient_views import form_page, page, refused, with_appointment
from appointments.choices import Status
from appointments.forms.base import CodeForm
from appointments.governance import audit
from appointments.models import Appointment

CODE = "appointment_code"  # the session's key of the link for which a code was entered, and when
READING, WRITING = timedelta(hours=4), timedelta(hours=settings.WRITING_HOURS)

View = Callable[..., HttpResponse]


def with_code(view: View) -> View:
    """A page of what is medical about one appointment: for who came by a link and entered a code."""

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
    return timezone.now() - datetime.fromisoformat(at) < (WRITING if writing else READING)


def wanted(request: HttpRequest) -> str:
    """The page that somebody was on their way to: one of the patient's own, or nothing."""
    path = request.POST.get("next") or request.GET.get("next", "")
    ours = path.startswith(reverse("patient:home")) and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if ours and len(path) < 200 else ""


@require_POST
@with_appointment
def send_code(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Have a code sent, and ask for it."""
    try:
        links.ask_for_code(appointment)
    except links.AccessError as error:
        return refused(request, error, code_for={"next": wanted(request)})
    messages.success(request, "We are sending you a code. Only the newest one works.")
    query = {"sent": "1", "next": wanted(request)}
    return HttpResponseRedirect(f"{reverse('patient:confirm')}?{urlencode(query)}")


@form_page
@with_appointment
def confirm(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Enter a code. It opens what is medical, and the first one shows that the e-mail address is the patient's."""
    target = wanted(request)
    if request.method != "POST" and has_code(request) and appointment.status != Status.BOOKED:
        return HttpResponseRedirect(target) if target else redirect("patient:home")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            links.check_code(appointment, form.cleaned_data["code"])
        except links.AccessError as error:
            form.add_error("code", str(error))
        else:
            request.session[CODE] = [request.session[links.SESSION], timezone.now().isoformat()]
            confirm_address(request, appointment)
            return HttpResponseRedirect(target) if target else redirect("patient:home")
    was_sent = "sent" in request.GET or form.is_bound
    return page(request, "access/confirm", appointment, form=form, was_sent=was_sent, next=target)


def confirm_address(request: HttpRequest, appointment: Appointment) -> None:
    """A code that was read shows that the address is right; staff need not ask any more."""
    if appointment.status != Status.BOOKED:
        return
    try:
        booking.mark(appointment=appointment, status=Status.CONFIRMED, by=audit.PATIENT)
    except booking.BookingError:
        return  # staff have marked it meanwhile: the code was right all the same
    messages.success(request, "Thank you. Your e-mail address is confirmed.")
