"""A patient's documents in the admin.

The patient's clinician opens them, and each access is audited. Staff who book for patients see that documents exist,
request missing ones and add those that came by post; a document's name is medical, and hidden from them.
"""

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from appointments.documents import documents
from appointments.documents.forms import AddForm, AskForm
from appointments.documents.responses import served
from appointments.documents.views import receive
from appointments.governance import audit
from appointments.governance.permissions import CHANGE, VIEW, patients_of
from appointments.governance.screens import about_appointment, patient_screen
from appointments.models import Appointment, AuditEntry, Document, DocumentRequest
from calcsite.errors import UserFacingError
from calcsite.web.uploads import takes_large_files

PAGE = "admin:appointments_appointment_change"


def document_urls(site: AdminSite) -> list[URLPattern]:
    steps = {
        "add": ("add/", add),
        "ask": ("ask/", ask),
        "waive": ("waive/<int:asked>/", waive),
        "remove": ("<int:document>/remove/", remove),
        "open": ("<int:document>/", open_document),
    }
    return [
        path(f"<int:pk>/documents/{address}", site.admin_view(view), name=f"appointments_appointment_document_{name}")
        for name, (address, view) in steps.items()
    ]


@require_safe
@about_appointment(VIEW)
def open_document(request: HttpRequest, appointment: Appointment, document: int) -> FileResponse:
    """Serve a document to the appointment's clinician; 404 for any other user."""
    own = Document.objects.filter(appointment__in=patients_of(request.user))
    found = get_object_or_404(own, appointment=appointment, pk=document)
    answer = served(found)
    audit.record(AuditEntry.Action.READ, appointment, by=request.user, detail=f"Document {found.pk}")
    return answer


@about_appointment(CHANGE)
@takes_large_files(largest=documents.max_file_bytes, most=documents.max_files, together=documents.max_total_bytes)
def add(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Add documents that came by post or by hand."""
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = AddForm(*sent, appointment=appointment, was_dropped=bool(request.refused_files))
    arrived = receive(request, appointment, form, by=request.user) if form.is_valid() else 0
    if arrived:
        messages.success(request, f"Added: {arrived}.")
    if form.is_bound and not form.errors:
        return redirect(PAGE, appointment.pk)
    return patient_screen(request, "documents/add_documents.html", appointment, form=form)


@about_appointment(CHANGE)
def ask(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        documents.request(appointment=appointment, by=request.user, **form.cleaned_data)
        messages.success(request, "It stands on the patient’s page now. A message tells them to look.")
        return redirect(PAGE, appointment.pk)
    return patient_screen(request, "documents/ask_document.html", appointment, form=form)


@require_POST
@about_appointment(CHANGE)
def waive(request: HttpRequest, appointment: Appointment, asked: int) -> HttpResponse:
    found = get_object_or_404(DocumentRequest, appointment=appointment, pk=asked)
    documents.waive(request=found, by=request.user)
    messages.success(request, "The patient is not asked for it any more.")
    return redirect(PAGE, appointment.pk)


@require_POST
@about_appointment(CHANGE)
def remove(request: HttpRequest, appointment: Appointment, document: int) -> HttpResponse:
    """Delete a document that was added by mistake."""
    found = get_object_or_404(Document, appointment=appointment, pk=document)
    try:
        documents.remove(document=found, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The document is deleted.")
    return redirect(PAGE, appointment.pk)
