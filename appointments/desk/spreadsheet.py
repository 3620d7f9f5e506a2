"""Export of the appointment list as a spreadsheet that is safe to open."""

import csv
import unicodedata
from collections.abc import Iterable
from io import StringIO

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from appointments.governance import audit
from appointments.governance.permissions import EXPORT
from appointments.models import Appointment, AuditEntry

MAX_EXPORT_ROWS = 10_000
FORMULA_STARTS = tuple("=+-@\t\r\n\0")
HEAD = [
    "Reference",
    "Starts",
    "Time zone",
    "Minutes",
    "Clinician",
    "Kind",
    "How",
    "Status",
    "Patient",
    "Date of birth",
]
HEAD += ["E-mail", "Telephone", "Language", "Interpreter", "Booked"]


def safe_cell(text: object) -> str:
    """A value that no spreadsheet takes for a formula (OWASP, CSV injection; ASVS 5.0, 1.2.10).

    Where numbers have a decimal comma, spreadsheets cut at semicolons, past the quotes: so each part is made safe.
    """
    return ";".join(_safe_part(part) for part in str(text).split(";"))


def _safe_part(words: str) -> str:
    """One part of a cell, with a leading quote if a spreadsheet could read it as a formula.

    Spreadsheets skip spaces and quotes at the start, and some read full-width signs as plain ones.
    """
    seen = unicodedata.normalize("NFKC", words)
    starts = {words[:1], seen[:1], seen.lstrip(' \u200b\ufeff"')[:1], seen.strip().strip('"').strip()[:1]}
    return "'" + words if starts & set(FORMULA_STARTS) else words


def spreadsheet(appointments: Iterable[Appointment]) -> bytes:
    """The appointments as CSV in UTF-8, with the byte order mark by which Excel recognises it."""
    file = StringIO()
    rows = csv.writer(file, quoting=csv.QUOTE_ALL)
    rows.writerow(HEAD)
    zone = timezone.get_default_timezone_name()
    for each in appointments:
        starts = timezone.localtime(each.slot.starts, timezone.get_default_timezone())
        cells = [each.reference, f"{starts:%Y-%m-%d %H:%M}", zone, (each.slot.ends - each.slot.starts).seconds // 60]
        cells += [each.slot.clinician, each.appointment_type, each.get_mode_display(), each.get_status_display()]
        cells += [each.name, each.date_of_birth or "", each.email, each.telephone, each.language]
        cells += ["yes" if each.needs_interpreter else "no", f"{each.booked_at:%Y-%m-%d}" if each.booked_at else ""]
        rows.writerow([safe_cell(cell) for cell in cells])
    return file.getvalue().encode("utf-8-sig")


def export_urls(site: admin.AdminSite, appointment_admin: admin.ModelAdmin) -> list[URLPattern]:
    @require_POST
    def export(request: HttpRequest) -> HttpResponse:
        return _export(request, appointment_admin)

    return [path("export/", site.admin_view(export), name="appointments_appointment_export")]


def _export(request: HttpRequest, appointment_admin: admin.ModelAdmin) -> HttpResponse:
    """The appointments of the list under its current filters and search. POST only, because personal data leaves the
    site.
    """
    if not request.user.has_perm(EXPORT) or not appointment_admin.has_view_permission(request):
        raise PermissionDenied
    try:
        listed = appointment_admin.get_changelist_instance(request).queryset
    except IncorrectLookupParameters:
        messages.error(request, "The list cannot be narrowed like this.")
        return redirect("admin:appointments_appointment_changelist")
    found = list(listed.select_related("slot__clinician", "appointment_type")[: MAX_EXPORT_ROWS + 1])
    if len(found) > MAX_EXPORT_ROWS:
        messages.error(
            request, f"That is more than {MAX_EXPORT_ROWS:,} appointments. Narrow the list first, by a date, say."
        )
        return redirect(f"..?{request.GET.urlencode()}")
    audit.record(AuditEntry.Action.EXPORTED, *found, by=request.user, detail="Spreadsheet")
    day = timezone.localdate()
    headers = {"Content-Disposition": f'attachment; filename="appointments-{day}.csv"'}
    return HttpResponse(spreadsheet(found), content_type="text/csv; charset=utf-8", headers=headers)
