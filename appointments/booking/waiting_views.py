"""The waiting list, as a patient sees it: join it, leave it, and answer an offer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from appointments.booking import booking, waiting_list
from appointments.booking.patient_views import coming_only, form_page, offered, page
from appointments.forms.base import WaitingForm
from appointments.models import Appointment
from calcsite.web.keys import key_in


@form_page
@coming_only
def waiting(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Join the list, or leave it."""
    form = WaitingForm(request.POST or None)
    if request.method == "POST" and "leave" in request.POST:
        waiting_list.leave(appointment=appointment)
        messages.success(request, "We will not e-mail you about earlier times.")
        return redirect("patient:home")
    if request.method == "POST" and form.is_valid():
        try:
            waiting_list.join(appointment=appointment, same_clinician=form.cleaned_data["same_clinician"])
        except waiting_list.WaitingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "We e-mail you when an earlier time comes free.")
            return redirect("patient:home")
    return page(request, "booking/patient/waiting", appointment, form=form)


@form_page
@coming_only
def offer(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """An earlier time: take it, or say no. What was taken by somebody else, or is too late, is told kindly.

    Pressed twice, it is done once: an answer that was given is as good the second time.
    """
    if request.method != "POST":
        found = waiting_list.offer_to(appointment)
        if found is None and waiting_list.has_taken_one(appointment):
            return redirect("patient:home")
        return page(request, "booking/patient/offer", appointment, **offered(found))
    return answer_to(request, appointment, "no" if "no" in request.POST else "yes")


def answer_to(request: HttpRequest, appointment: Appointment, answer: str) -> HttpResponse:
    key = key_in(request.POST.get("offer"))
    found = waiting_list.open_offers(appointment).filter(pk=key).first()
    try:
        if found is None:
            raise waiting_list.WaitingError(waiting_list.OVER)
        if answer == "no":
            waiting_list.decline(offer=found)
            messages.success(request, "Thank you. You keep your time, and we go on looking for an earlier one.")
        else:
            waiting_list.accept(offer=found)
            messages.success(request, "Your appointment has the earlier time. We send you an e-mail about it.")
    except (waiting_list.WaitingError, booking.BookingError) as error:
        if waiting_list.was_answered(appointment, key, accepted=answer == "yes"):
            return redirect("patient:home")
        appointment.refresh_from_db()
        return page(request, "booking/patient/offer", appointment, 409, problem=str(error))
    return redirect("patient:home")
