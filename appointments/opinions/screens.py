"""The clinician's screens of an opinion: its versions, the draft, reading, signing, releasing and correcting."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from appointments.choices import OpinionStatus
from appointments.governance.permissions import SIGN, patients_of
from appointments.governance.screens import about_appointment, form_screen, patient_screen
from appointments.models import Appointment, Clinician, Opinion
from appointments.opinions import opinions
from appointments.opinions.forms import CorrectForm, OpinionForm, SignForm, option_forms
from appointments.preparation import answers as question_answers
from appointments.preparation.staff_forms import AnswersForm
from calcsite.errors import UserFacingError
from calcsite.stale import fingerprint

OVERVIEW = "admin:appointments_appointment_opinion"
own_patient = about_appointment(SIGN, patients_of)


def opinion_urls(site: AdminSite) -> list[URLPattern]:
    steps = {
        "": overview,
        "start/": start,
        "correct/": correct,
        "<int:number>/": read,
        "<int:number>/edit/": edit,
        "<int:number>/sign/": sign,
        "<int:number>/release/": release,
    }
    return [
        path(f"<int:pk>/opinion/{step}", site.admin_view(view), name=f"appointments_appointment_opinion{suffix}")
        for step, view in steps.items()
        for suffix in ["" if view is overview else f"_{view.__name__}"]
    ]


def _redirect_to(step: str, opinion: Opinion) -> HttpResponse:
    return redirect(f"{OVERVIEW}_{step}", opinion.appointment_id, opinion.number)


def _screen(request: HttpRequest, step: str, appointment: Appointment, **context: Any) -> HttpResponse:
    return patient_screen(request, f"opinions/{step}.html", appointment, detail="Opinion", **context)


def _version(appointment: Appointment, number: int) -> Opinion:
    opinion = get_object_or_404(appointment.opinions, number=number)
    opinion.appointment = appointment
    return opinion


@require_safe
@own_patient
def overview(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """All versions, with the next possible steps."""
    versions = list(appointment.opinions.select_related("drafted_by", "released_by"))
    newest = versions[0] if versions else None
    return _screen(request, "overview", appointment, versions=versions, newest=newest)


@require_POST
@own_patient
def start(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    try:
        return _redirect_to("edit", opinions.start(appointment=appointment, by=request.user))
    except UserFacingError as error:
        messages.error(request, str(error))
        return redirect(OVERVIEW, appointment.pk)


@form_screen
@own_patient
def correct(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Begin a new version of a signed opinion."""
    form = CorrectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            draft = opinions.correct(appointment=appointment, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            return _redirect_to("edit", draft)
    return _screen(request, "correct", appointment, form=form)


@require_safe
@own_patient
def read(request: HttpRequest, appointment: Appointment, number: int) -> HttpResponse:
    """A version, as the patient reads it or will read it."""
    opinion = _version(appointment, number)
    is_draft = opinion.status == OpinionStatus.DRAFT
    content = opinions.compose(opinion) if is_draft else opinion.content
    is_intact = is_draft or opinion.is_intact
    return _screen(
        request, "read", appointment, opinion=opinion, content=content, is_draft=is_draft, is_intact=is_intact
    )


@form_screen
@own_patient
def edit(request: HttpRequest, appointment: Appointment, number: int) -> HttpResponse:
    """Work on a draft. A refused save comes back as it was typed, beside the stored draft."""
    opinion = _version(appointment, number)
    if request.method != "POST" and opinion.status != OpinionStatus.DRAFT:
        return _redirect_to("read", opinion)
    parts = _parts(request.POST or None, opinion)
    valid = [part.is_valid() for part in parts.values()]  # each of them: all errors are shown at once
    if request.method == "POST" and all(valid):
        try:
            _save(request, opinion, **parts)
        except UserFacingError as error:
            return _refused(request, opinion, str(error))
        messages.success(request, "The draft is saved. The patient does not see it before you sign and release it.")
        step = request.POST.get("then", "edit")
        return _redirect_to(step if step in {"read", "sign"} else "edit", opinion)
    return _screen(request, "edit", appointment, opinion=opinion, **parts)


def _parts(data: Any, opinion: Opinion) -> dict[str, Any]:
    questions = list(opinion.appointment.question_set.all())
    return {
        "form": OpinionForm(data, opinion=opinion),
        "options": option_forms(data, opinion),
        "answers": AnswersForm(data, questions=questions),
    }


def _save(request: HttpRequest, opinion: Opinion, *, form: OpinionForm, options: Any, answers: AnswersForm) -> None:
    opinions.save(
        opinion=opinion,
        seen=form.cleaned_data["seen"],
        texts=form.texts,
        options=options.options,
        answers=answers.answers,
        answers_seen=answers.cleaned_data["seen"],
        by=request.user,
    )


def _refused(request: HttpRequest, opinion: Opinion, problem: str) -> HttpResponse:
    """The typed draft, beside the stored one. Saved once more, the typed one replaces it."""
    stored = _version(opinion.appointment, opinion.number)
    parts = _parts(request.POST, stored)
    parts["form"].add_error(None, problem)
    parts["form"].show_state(opinions.fingerprint_of(stored))
    parts["answers"].show_state(question_answers.fingerprint_of(parts["answers"].questions))
    context = {"opinion": stored, "stored": opinions.compose(stored)}
    return _screen(request, "edit", opinion.appointment, status=409, **context, **parts)


@form_screen
@own_patient
def sign(request: HttpRequest, appointment: Appointment, number: int) -> HttpResponse:
    """Show the composed draft; POST signs exactly that."""
    opinion = _version(appointment, number)
    if request.method != "POST" and opinion.status != OpinionStatus.DRAFT:
        return _redirect_to("read", opinion)
    problem = ""
    if request.method == "POST":
        try:
            opinions.sign(opinion=opinion, seen=SignForm(request.POST, state="").sent_state, by=request.user)
        except UserFacingError as error:
            problem = str(error)
        else:
            messages.success(request, "Signed. The patient can read it once you release it.")
            return redirect(OVERVIEW, appointment.pk)
    content, clinician = opinions.compose(opinion), Clinician.objects.get(user=request.user)
    context = {
        "opinion": opinion,
        "content": content,
        "form": SignForm(state=fingerprint(content)),
        "gaps": opinions.gaps(content, clinician),
        "clinician": clinician,
        "problem": problem,
    }
    return _screen(request, "sign", appointment, status=409 if problem else 200, **context)


@require_POST
@own_patient
def release(request: HttpRequest, appointment: Appointment, number: int) -> HttpResponse:
    try:
        opinions.release(opinion=_version(appointment, number), by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Released. The patient can read it now.")
    return redirect(OVERVIEW, appointment.pk)
