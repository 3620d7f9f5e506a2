"""The screens of staff about patients' rights: erasure, refusal, legal holds. They count rows and show no content."""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from appointments.governance import legal_holds
from appointments.governance.permissions import ERASE, HOLD, appointments_of
from appointments.governance.screens import about_appointment, form_screen, patient_screen
from appointments.models import Appointment, LegalHold
from appointments.privacy import erasure, registry
from appointments.privacy.forms import EraseForm, HoldForm, RefuseForm
from calcsite.errors import UserFacingError

PAGE = "admin:appointments_appointment_change"


def rights_urls(site: AdminSite) -> list[URLPattern]:
    steps = {"erase": erase, "refuse-erasure": refuse, "hold": hold}
    return [
        *(
            path(f"<int:pk>/{step}/", site.admin_view(view), name=f"appointments_appointment_{step.replace('-', '_')}")
            for step, view in steps.items()
        ),
        path("<int:pk>/hold/<int:hold>/end/", site.admin_view(end_hold), name="appointments_appointment_end_hold"),
    ]


@form_screen
@about_appointment(ERASE)
def erase(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The numbers of rows to erase, and the patient's other appointments; POST erases."""
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            erasure.erase(appointment=appointment, by=request.user)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Everything held with {appointment.spoken_reference} is erased.")
            return redirect("admin:appointments_worklist", "erasure")
    others = appointments_of(request.user).exclude(pk=appointment.pk).of_address(appointment.email)
    return patient_screen(
        request,
        "privacy/erase.html",
        appointment,
        form=form,
        goes=_row_counts(appointment),
        files=sum(1 for _ in registry.files_of(appointment)),
        others=others.exclude(email="").values_list("pk", "reference"),
        is_held=appointment.legal_holds.lasting().exists(),
    )


def _row_counts(appointment: Appointment) -> list[tuple[str, int]]:
    """The number of rows of each kind, which shows nothing of their content."""
    counted = [(model, registry.rows_of(appointment, model).count()) for model in registry.models_to_delete()]
    return [(model._meta.verbose_name_plural, count) for model, count in counted if count and model is not Appointment]


@form_screen
@about_appointment(ERASE)
def refuse(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Refuse erasure, with a message to the patient."""
    form = RefuseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            told = erasure.refuse(appointment=appointment, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            words = "The patient gets an e-mail." if told else "There is no e-mail address that works: telephone them."
            messages.success(request, f"Answered. {words}")
            return redirect(PAGE, appointment.pk)
    return patient_screen(request, "privacy/refuse_erasure.html", appointment, form=form)


@form_screen
@about_appointment(HOLD)
def hold(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Place a legal hold on an appointment."""
    form = HoldForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        legal_holds.place(appointment=appointment, by=request.user, **form.cleaned_data)
        messages.success(request, "Nothing of this appointment is deleted until the hold ends.")
        return redirect(PAGE, appointment.pk)
    return patient_screen(request, "privacy/hold.html", appointment, form=form)


@require_POST
@about_appointment(HOLD)
def end_hold(request: HttpRequest, appointment: Appointment, hold: int) -> HttpResponse:
    legal_holds.end(hold=get_object_or_404(LegalHold, pk=hold, appointment=appointment), by=request.user)
    messages.success(request, "The hold has ended.")
    return redirect(PAGE, appointment.pk)
