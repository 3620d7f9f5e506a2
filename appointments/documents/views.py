"""A patient's records: send, read, describe and remove them."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from appointments.access.decorators import form_page, with_code
from appointments.choices import Tool
from appointments.documents import documents
from appointments.documents.forms import DescribeForm, SendForm
from appointments.documents.responses import served
from appointments.documents.scanning.filechecks.names import readable
from appointments.governance import consents
from appointments.models import Appointment, Document
from appointments.preparation import tasks
from appointments.preparation.tasks import tasks_of
from calcsite.errors import UserFacingError
from calcsite.web.uploads import takes_large_files


@form_page
@with_code
@takes_large_files(largest=documents.max_file_bytes, most=documents.max_files, together=documents.max_total_bytes)
def documents_page(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The received and the missing records; POST sends files, and answers a script with JSON."""
    if request.method != "POST":
        return _list(request, appointment, SendForm(appointment=appointment))
    form = SendForm(request.POST, request.FILES, appointment=appointment, was_dropped=bool(request.refused_files))
    arrived = _receive(request, appointment, form) if form.is_valid() else 0
    if request.accepts("text/html"):
        if form.errors:
            return _list(request, appointment, form)
        messages.success(request, "Your file has arrived." if arrived == 1 else f"Your {arrived} files have arrived.")
        return redirect("patient:documents")
    problems = [problem for field in form.errors.values() for problem in field]
    return JsonResponse({"arrived": arrived, "problems": problems})


def _receive(request: HttpRequest, appointment: Appointment, form: SendForm) -> int:
    """Add the files, with the patient's consent. Returns how many were added; errors of the others are in the form."""
    if form.cleaned_data.pop("agree", False):
        documents.agree(appointment=appointment)
    return receive(request, appointment, form)


def receive(request: HttpRequest, appointment: Appointment, form: Form, **by: Any) -> int:
    """Add files that a patient sent, or staff, who are named in `by`. Returns as `_receive` does."""
    files, arrived = form.cleaned_data.pop("files"), 0
    for name, why in request.refused_files:
        form.add_error("files", f"{readable(name)}: {documents.refusal(why)}")
    for file in files:
        name = readable(file.name or "")
        try:
            documents.add(appointment=appointment, file=file, **form.cleaned_data, **by)
        except UserFacingError as error:
            form.add_error("files", f"{name}: {error}")
        else:
            arrived += 1
            form.cleaned_data["meets"] = None  # one request is met by one file
    return arrived


def _list(request: HttpRequest, appointment: Appointment, form: SendForm) -> HttpResponse:
    rows = list(appointment.documents.prefetch_related("meets"))
    for row in rows:
        row.may_be_removed = documents.may_remove(row, appointment)
    context = {
        "documents": rows,
        "missing": appointment.document_requests.missing(),
        "form": form,
        "consent": consents,
        "largest": documents.max_file_bytes(),
        "too_large": documents.refusal("too large"),
        "tasks": tasks_of(appointment, tool=Tool.DOCUMENTS),
        "may_change": tasks.is_open(appointment),
    }
    return render(request, "appointments/documents/documents.html", context)


@require_safe
@with_code
def document(request: HttpRequest, appointment: Appointment, pk: int) -> FileResponse:
    """The file, unchanged."""
    return served(get_object_or_404(Document, appointment=appointment, pk=pk))


@form_page
@with_code
def describe(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """Change a document's description."""
    found = get_object_or_404(Document, appointment=appointment, pk=pk)
    form = DescribeForm(request.POST if request.method == "POST" else None, document=found)
    if form.is_valid():
        documents.describe(document=found, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("patient:documents")
    return render(request, "appointments/documents/describe.html", {"form": form, "document": found})


@form_page
@with_code
def remove(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """Ask for confirmation; POST removes."""
    found, problem = get_object_or_404(Document, appointment=appointment, pk=pk), ""
    if request.method == "POST":
        try:
            documents.remove(document=found)
        except UserFacingError as error:
            problem = str(error)
        else:
            messages.success(request, "The file is deleted.")
            return redirect("patient:documents")
    status = 409 if problem else 200
    return render(
        request, "appointments/documents/remove.html", {"document": found, "problem": problem}, status=status
    )
