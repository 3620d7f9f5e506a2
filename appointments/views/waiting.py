"""The waiting list, as a patient sees it: join it, leave it, and answer an offer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from appointments import booking, calendars
from appointments import waiting as waiting_list
from appointments.models import Appointment, Offer
from appointments.patient_forms import WaitingForm
from appointments.views.patient import coming_only, form_page, page
from calcsite.keys import key_in


@form_page
@coming_only
def waiting(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Join the list, or leave it."""
    form = WaitingForm(request.POST or None)
    if request.method == "POST" and "leave" in request.POST:
        waiting_list.leave(appointment=appointment)
        messages.success(request, "We don’t tell you about earlier times any more.")
        return redirect("patient:home")
    if request.method == "POST" and form.is_valid():
        try:
            waiting_list.join(appointment=appointment, same_clinician=form.cleaned_data["same_clinician"])
        except waiting_list.WaitingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "We tell you by e-mail when an earlier time comes free.")
            return redirect("patient:home")
    return page(request, "waiting", appointment, form=form)


@form_page
@coming_only
def offer(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """An earlier time: take it, or say no. What was taken by somebody else, or is too late, is told kindly."""
    open_offers = waiting_list.open_offers(appointment)
    if request.method != "POST":
        found = open_offers.filter(expires_at__gt=timezone.now()).first()
        return page(request, "offer", appointment, **offered(found))
    found = open_offers.filter(pk=key_in(request.POST.get("offer"))).first()
    try:
        if found is None:
            raise waiting_list.WaitingError(waiting_list.OVER)
        if "no" in request.POST:
            waiting_list.decline(offer=found)
            messages.success(request, "Thank you. You keep your time, and we go on looking for an earlier one.")
        else:
            waiting_list.accept(offer=found)
            messages.success(request, "Your appointment has the earlier time. We have sent you an e-mail about it.")
    except (waiting_list.WaitingError, booking.BookingError) as error:
        return page(request, "offer", appointment, 409, problem=str(error))
    return redirect("patient:home")


def offered(offer: Offer | None) -> dict[str, object]:
    """What the page says of an offer: the time, and until when an answer is good."""
    if offer is None:
        return {}
    appointment, until = offer.entry.appointment, offer.expires_at
    new = calendars.readings(appointment, slot=offer.slot)
    return {"offer": offer, "new": new, "until": calendars.reading(until, until, calendars.zone_of(appointment))}
