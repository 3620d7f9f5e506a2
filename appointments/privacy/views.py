"""A patient's rights on their own pages: export their data, ask for erasure, withdraw a consent."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from appointments.access.decorators import form_page, with_code
from appointments.choices import ConsentKind
from appointments.models import Appointment
from appointments.privacy import erasure, export, withdrawal
from appointments.privacy.forms import EraseWishForm, WithdrawBookingForm, WithdrawForm
from calcsite.errors import UserFacingError


@require_safe
@with_code
def my_data(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The patient's consents and erasure requests, with links to their actions."""
    requests = list(appointment.erasure_requests.order_by("-asked_at", "-pk"))
    context = {
        "agreements": withdrawal.of(appointment),
        "asked": next((each for each in requests if not each.refused_at), None),
        "refused": next((each for each in requests if each.refused_at), None),
    }
    return render(request, "appointments/privacy/my_data.html", context)


@require_POST
@with_code
def download(request: HttpRequest, appointment: Appointment) -> StreamingHttpResponse:
    """The export as a file. POST only, because personal data leaves the site."""
    pieces = export.download(appointment=appointment)
    headers = {"Content-Disposition": 'attachment; filename="my-data.zip"', "X-Robots-Tag": "noindex"}
    return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)


@form_page
@with_code
def erase(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The consequences of erasure; POST asks for it."""
    form = EraseWishForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        erasure.ask(appointment=appointment)
        messages.success(request, "You have asked us to delete everything about you. Our staff will answer.")
        return redirect("patient:my_data")
    return render(request, "appointments/privacy/erase.html", {"form": form, "is_coming": appointment.is_coming()})


@require_POST
@with_code
def keep(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Withdraw the request for erasure."""
    erasure.withdraw(appointment=appointment)
    messages.success(request, "We keep your record. You can ask again at any time.")
    return redirect("patient:my_data")


@form_page
@with_code
def consent(request: HttpRequest, appointment: Appointment, kind: str) -> HttpResponse:
    """The wording of one consent, and the consequences of withdrawing it; POST withdraws it.

    Withdrawing the consent to the booking ends the links, so that its answer is a public page.
    """
    found = withdrawal.given(appointment, kind) if kind in ConsentKind.values else None
    if found is None:
        raise Http404("There is no such consent.")
    about_booking = found.kind == ConsentKind.BOOKING
    form = (WithdrawBookingForm if about_booking else WithdrawForm)(request.POST if request.method == "POST" else None)
    cancels = about_booking and appointment.is_coming()
    if form.is_valid():
        and_erase = form.cleaned_data.get("and_erase", False)
        try:
            withdrawal.withdraw(appointment=appointment, kind=kind, and_erase=and_erase)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            if cancels:
                return redirect("patient:cancelled")
            messages.success(request, "We have noted that you no longer agree.")
            return redirect("patient:my_data")
    context = {"form": form, "agreement": found, "cancels": cancels}
    return render(request, "appointments/privacy/consent.html", context)
