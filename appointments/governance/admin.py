"""The audit log, for staff who answer for access to records. It names no patient, only their references."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format

from appointments.governance.screens import PlainTitles
from appointments.models import AuditEntry
from calcsite.admin.readonly import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(PlainTitles, ReadOnlyAdmin):
    list_display = ["when", "actor", "action", "reference", "detail"]
    list_display_links = None
    list_filter = ["action", "at", ("by", admin.RelatedOnlyFieldListFilter)]
    fields = ["at", "actor", "by", "action", "reference", "detail"]
    search_fields = ["=reference", "=actor"]
    search_help_text = "A reference, or a user name."
    date_hierarchy = "at"
    actions = None
    show_full_result_count = False
    LOOKUPS = {"action__exact", "by__id__exact", "at__gte", "at__lt", "at__year", "at__month", "at__day"}

    @admin.display(description=f"when ({settings.TIME_ZONE})", ordering="at")
    def when(self, entry: AuditEntry) -> str:
        return date_format(timezone.localtime(entry.at), "j M Y, H:i:s")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.LOOKUPS
