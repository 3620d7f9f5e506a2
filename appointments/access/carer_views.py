"""Links for carers: how a patient makes and ends them, and the page that a carer sees."""

from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from appointments.access import carers
from appointments.access.decorators import View, form_page, with_code
from appointments.access.forms import CarerForm
from appointments.access.views import arrived, remember
from appointments.models import Appointment, CarerLink
from appointments.scheduling import local_times
from calcsite.errors import UserFacingError


@form_page
@with_code
def carer(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The links that there are, and a new one. It is shown in the answer that made it, this once, and kept nowhere."""
    form, address = CarerForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        try:
            token = carers.make(appointment=appointment, name=form.cleaned_data["name"])
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            address = settings.SITE_URL + reverse("patient:carer_arrive", args=[token])
    links = carers.usable().filter(appointment=appointment)
    context = {"form": form, "address": address, "links": links}
    return render(request, "appointments/access/carer.html", context)


@require_POST
@with_code
def end(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """End one link of this appointment."""
    carers.end(link=get_object_or_404(CarerLink, pk=pk, appointment=appointment))
    messages.success(request, "That link does not work any more.")
    return redirect("patient:carer")


@csrf_exempt  # as in `access.views.arrive`: it takes nothing, and a refusal would write the token into a log
def arrive(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """The address that the patient has passed on: one button, and nothing changes before it is pressed."""
    template = "carer_arrive" if carers.find(token) else "carer_dead_link"
    return arrived(request, f"access/{template}", token)


@require_POST
def open_link(request: HttpRequest) -> HttpResponse:
    """Exchange a carer's token for a session, under a new key."""
    try:
        link = carers.enter(request.POST.get("token", ""))
    except UserFacingError:
        return render(request, "appointments/access/carer_dead_link.html", status=404)
    remember(request, carers.SESSION, link.pk)
    return redirect("patient:carer_page")


def with_carer_link(view: View) -> View:
    """Decorator for pages behind a valid carer link."""

    @wraps(view)
    def entered(request: HttpRequest) -> HttpResponse:
        link = carers.usable().filter(pk=request.session.get(carers.SESSION)).first()
        if link is None:
            return render(request, "appointments/access/carer_link_needed.html", status=403)
        return view(request, link.appointment)

    return entered


@require_safe
@with_carer_link
def carer_page(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Time, place and mode of the appointment, and the state of its preparation. None of the patient's entries."""
    context = {
        "appointment": appointment,
        "readings": local_times.readings(appointment),
        "where": local_times.where(appointment),
        "tasks": appointment.tasks.all(),
    }
    return render(request, "appointments/access/carer_page.html", context)


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Leave, on a computer that others use. The link stays good."""
    request.session.pop(carers.SESSION, None)
    return render(request, "appointments/access/carer_closed.html")
