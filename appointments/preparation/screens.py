"""The clinician's screen of a visit pack, with the answers to questions and the instructions for tests."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from appointments.governance.permissions import SIGN, patients_of
from appointments.governance.screens import about_appointment, form_screen, patient_screen
from appointments.models import Appointment
from appointments.preparation import answers, rows
from appointments.preparation.pack import pack_of
from appointments.preparation.staff_forms import AnswersForm, TestForm
from calcsite.errors import UserFacingError

PACK = "admin:appointments_appointment_pack"


def pack_urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("<int:pk>/pack/", site.admin_view(pack), name="appointments_appointment_pack"),
        path("<int:pk>/pack/tests/", site.admin_view(add_test), name="appointments_appointment_test"),
        path(
            "<int:pk>/pack/tests/<int:test>/", site.admin_view(take_out_test), name="appointments_appointment_test_out"
        ),
    ]


@form_screen
@about_appointment(SIGN, patients_of)
def pack(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Everything that the patient has prepared; POST keeps the answers to their questions."""
    form = _answers_form(request.POST or None, appointment)
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            answers.answer(appointment=appointment, answers=form.answers, seen=seen, by=request.user)
        except UserFacingError as error:
            return _refused(request, appointment, str(error))
        messages.success(request, "The answers are saved. The patient reads them with the opinion.")
        return redirect(PACK, appointment.pk)
    return _page(request, appointment, form, TestForm(), form=form)


def _answers_form(data: Any, appointment: Appointment) -> AnswersForm:
    return AnswersForm(data, questions=list(appointment.question_set.all()))


def _refused(request: HttpRequest, appointment: Appointment, problem: str) -> HttpResponse:
    """The typed answers, below the questions as they are stored now: saved once more, they are kept."""
    form = _answers_form(request.POST, appointment)
    form.add_error(None, f"{problem} Look at the questions again, then save once more.")
    form.show_state(answers.fingerprint_of(form.questions))
    return _page(request, appointment, form, TestForm(), form=form, status=409)


def _page(
    request: HttpRequest, appointment: Appointment, questions: AnswersForm, test: TestForm, **context: Any
) -> HttpResponse:
    return patient_screen(
        request,
        "preparation/pack.html",
        appointment,
        detail="Visit pack",
        pack=pack_of(appointment),
        may_open=True,
        answers=questions,
        test_form=test,
        tests=appointment.testinstruction_set.select_related("by"),
        **context,
    )


@require_POST
@about_appointment(SIGN, patients_of)
def add_test(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Add instructions for a test, which the patient reads in their preparation."""
    form = TestForm(request.POST)
    if not form.is_valid():
        return _page(request, appointment, _answers_form(None, appointment), form, form=form)
    try:
        rows.instruct(appointment=appointment, values=form.cleaned_data, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The patient sees it in their preparation.")
    return redirect(PACK, appointment.pk)


@require_POST
@about_appointment(SIGN, patients_of)
def take_out_test(request: HttpRequest, appointment: Appointment, test: int) -> HttpResponse:
    instruction = get_object_or_404(appointment.testinstruction_set, pk=test)
    try:
        rows.take_back_instruction(appointment=appointment, instruction=instruction, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Taken out. The patient does not see it any more: tell them if they have read it.")
    return redirect(PACK, appointment.pk)
