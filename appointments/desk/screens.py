"""An appointment's own page, and the actions of staff on it: through the same verbs as those of patients."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from appointments.booking import booking, records
from appointments.booking.staff_forms import (
    BookForm,
    CancelForm,
    CorrectForm,
    FindTimeForm,
    MarkForm,
    MessageForm,
    MoveForm,
    NoteForm,
)
from appointments.choices import Status
from appointments.desk.worklists import BY_KEY
from appointments.governance import consents
from appointments.governance.permissions import ADD, CHANGE, SIGN, VIEW, may_see_all, patients_of, slots_of
from appointments.governance.screens import about_appointment, needs, patient_screen, screen
from appointments.messages import queue
from appointments.models import Appointment, Message, Slot
from appointments.scheduling.availability import free_for
from calcsite.errors import UserFacingError
from calcsite.models import DeliveryStatus

TIMES_PER_PAGE = 40  # free times on one page; a later day shows others
PAGE = "admin:appointments_appointment_change"


def page_urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of the actions on one appointment, below that of the list."""
    steps = {
        "move": move,
        "cancel": cancel,
        "details": details,
        "message": message,
        "note": note,
        "mark": mark,
        "link": link,
    }
    return [
        path("book/<int:slot>/", site.admin_view(book), name="appointments_appointment_book"),
        path("<int:pk>/handled/<int:message>/", site.admin_view(handled), name="appointments_appointment_handled"),
        *(
            path(f"<int:pk>/{name}/", site.admin_view(view), name=f"appointments_appointment_{name}")
            for name, view in steps.items()
        ),
    ]


@require_safe
@about_appointment(VIEW)
def page(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    return _page(request, appointment, NoteForm())


def _page(request: HttpRequest, appointment: Appointment, form: NoteForm) -> HttpResponse:
    return patient_screen(
        request,
        "desk/page.html",
        appointment,
        form=form,
        may_change=request.user.has_perm(CHANGE),
        is_own=request.user.has_perm(SIGN) and appointment.slot.clinician.user_id == request.user.pk,
        marks=records.possible_marks(appointment),
        sent=_messages_with_state(appointment),
        notes=appointment.notes.select_related("by"),
        entries=appointment.audit.all()[:50],
        documents=appointment.documents.select_related("added_by"),
        requests=appointment.document_requests.select_related("met_by", "asked_by"),
        may_open=patients_of(request.user).filter(pk=appointment.pk).exists(),
    )


def _messages_with_state(appointment: Appointment) -> list[dict[str, Any]]:
    """The messages to the patient, sent or due, each with its state of delivery."""
    failed = set(Message.objects.failed().filter(appointment=appointment).values_list("pk", flat=True))
    found = appointment.messages.select_related("handled_by")
    return [
        {"message": message, "has_failed": message.pk in failed, "state": _state_of(message, message.pk in failed)}
        for message in found
    ]


def _state_of(message: Message, has_failed: bool) -> str:
    if message.handled_at:
        return f"Could not be delivered. Told by {message.handled_by or 'somebody'}"
    if has_failed:
        return "Could not be delivered"
    if message.status == DeliveryStatus.SENT:
        return "Sent"
    if message.status == DeliveryStatus.REFUSED:  # a code: nothing for staff to do
        return "Could not be delivered"
    if message.status != DeliveryStatus.WAITING:
        return "Not needed any more"
    return "On its way" if message.due_at <= timezone.now() else "Waits for its time"


def _back(appointment: Appointment) -> HttpResponse:
    return redirect(PAGE, appointment.pk)


def _notice(appointment: Appointment) -> str:
    """The sentence that tells staff how the patient learns of the change just made."""
    if appointment.email:
        return "The patient gets an e-mail about it."
    return f"There is no e-mail address: tell them by telephone now, {appointment.telephone or 'no number is known'}."


@needs(ADD)
def book(request: HttpRequest, slot: int) -> HttpResponse:
    """Book a slot for a patient on the telephone or at the desk."""
    chosen = get_object_or_404(slots_of(request.user).select_related("clinician", "location"), pk=slot)
    form = BookForm(request.POST or None, slot=chosen)
    if form.is_valid():
        appointment_type, mode = form.cleaned_data["kind"], form.cleaned_data["mode"]
        try:
            made = booking.book_for_patient(
                slot=chosen, appointment_type=appointment_type, mode=mode, details=form.details, by=request.user
            )
        except UserFacingError as error:
            form.add_error(None, f"{error} What you have written is still here: the calendar shows other times.")
        else:
            messages.success(request, f"Booked. The reference is {made.spoken_reference}. {_notice(made)}")
            return _back(made)
    return screen(request, "booking/book.html", form=form, slot=chosen, consent=consents)


@about_appointment(CHANGE)
def move(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Reschedule an appointment: its row stays, with another slot."""
    find = FindTimeForm(request.GET)
    first = (find.is_valid() and find.cleaned_data["first"]) or timezone.localdate()
    anybody = find.is_valid() and find.cleaned_data["anybody"]
    times = free_for(appointment, request.user, first=first, anybody=bool(anybody))
    form = MoveForm(request.POST or None, state=appointment.revision)
    form.fields["slot"].queryset = times
    if form.is_valid():
        try:
            booking.reschedule(appointment=appointment, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
            form.show_state(appointment.revision)
        else:
            messages.success(request, f"Moved. {_notice(appointment)}")
            return _back(appointment)
    return patient_screen(
        request,
        "booking/move.html",
        appointment,
        form=form,
        find=FindTimeForm(initial={"first": first, "anybody": anybody}),
        times=times[:TIMES_PER_PAGE],
        later=_later(times, first, bool(anybody)),
        may_see_others=may_see_all(request.user),
    )


def _later(times: QuerySet[Slot], first: date, anybody: bool) -> str:
    """The query string of the times that did not fit on the page; empty if all did, or if a single day fills it."""
    following = next(iter(times[TIMES_PER_PAGE : TIMES_PER_PAGE + 1]), None)
    day = following and timezone.localdate(following.starts)
    return "?" + urlencode({"first": day} | ({"anybody": "on"} if anybody else {})) if day and day > first else ""


@about_appointment(CHANGE)
def cancel(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    state = appointment.revision
    form = CancelForm(request.POST if request.method == "POST" else None, state=state)
    if form.is_valid():
        try:
            booking.cancel(appointment=appointment, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
            form.show_state(state)
        else:
            messages.success(request, f"Cancelled, and the time is free. {_notice(appointment)}")
            return _back(appointment)
    return patient_screen(request, "booking/cancel.html", appointment, form=form)


@about_appointment(CHANGE)
def details(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Correct the patient's details."""
    form = CorrectForm(request.POST or None, appointment=appointment)
    if form.is_valid():
        changed = records.correct_details(appointment=appointment, details=form.details, by=request.user)
        messages.success(request, "Saved." if changed else "Nothing was different.")
        return _back(appointment)
    return patient_screen(request, "booking/details.html", appointment, form=form)


@about_appointment(CHANGE)
def message(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    form = MessageForm(request.POST or None)
    if form.is_valid():
        try:
            queue.send_from_staff(appointment=appointment, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The message is on its way.")
            return _back(appointment)
    return patient_screen(request, "booking/message.html", appointment, form=form)


@require_POST
@about_appointment(CHANGE)
def note(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, appointment, form)
    records.write_note(appointment=appointment, by=request.user, **form.cleaned_data)
    messages.success(request, "The note is kept.")
    return _back(appointment)


@require_POST
@about_appointment(CHANGE)
def mark(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Mark an appointment as arrived, completed or missed, and return to the worklist if the form came from one."""
    form = MarkForm(request.POST, appointment=appointment)
    worklist = request.POST.get("worklist")
    if not form.is_valid():
        messages.error(request, "It cannot be marked like this now. Look at where it stands.")
        return _back(appointment)
    try:
        if form.cleaned_data["status"] == Status.BOOKED:
            records.take_back_arrival(appointment=appointment, by=request.user)
        else:
            records.mark(appointment=appointment, by=request.user, **form.cleaned_data)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{appointment.name} is marked: {appointment.get_status_display()}.")
    return redirect("admin:appointments_worklist", worklist) if worklist in BY_KEY else _back(appointment)


@require_POST
@about_appointment(CHANGE)
def link(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Send the patient a new link. Earlier links end."""
    try:
        records.reissue_link(appointment=appointment, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "A new link is on its way. The ones before have ended.")
    return _back(appointment)


@require_POST
@about_appointment(CHANGE)
def handled(request: HttpRequest, appointment: Appointment, message: int) -> HttpResponse:
    """Note that staff told the patient the content of an undelivered message."""
    failed = get_object_or_404(Message.objects.failed().filter(appointment=appointment), pk=message)
    queue.acknowledge(message=failed, by=request.user)
    messages.success(request, "Noted that the patient knows.")
    return _back(appointment)
