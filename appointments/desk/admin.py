"""The list of appointments. Each opens on its own page (`desk.screens`); nothing is changed in the list."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone

from appointments.choices import Status
from appointments.desk import calendar_screens, feed_screens, screens, spreadsheet, worklist_screens
from appointments.documents import screens as documents
from appointments.governance.permissions import EXPORT, appointments_of, clinicians_of
from appointments.governance.screens import moment, record_listed
from appointments.models import Appointment, AppointmentType
from appointments.opinions import screens as opinions
from appointments.preparation import readiness_screens
from appointments.preparation import screens as packs
from appointments.privacy import screens as rights
from appointments.recovery import screens as recovery
from appointments.scheduling.walltime import bounds
from calcsite.admin.readonly import ReadOnlyAdmin
from calcsite.web.keys import key_in

DATES = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d %B %Y", "%d %b %Y"]
LEAST_DIGITS = 5  # that make a search one for a telephone number


class WhenFilter(admin.SimpleListFilter):
    title = "when"
    parameter_name = "when"
    DAYS = {"today": (0, 1), "tomorrow": (1, 1), "week": (0, 7)}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("today", "Today"),
            ("tomorrow", "Tomorrow"),
            ("week", "The next seven days"),
            ("coming", "From now on"),
            ("past", "Before now"),
        ]

    def queryset(self, request: HttpRequest, appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
        if self.value() in self.DAYS:
            after, days = self.DAYS[self.value()]
            starts, ends = bounds(timezone.localdate() + timedelta(days=after), days)
            return appointments.filter(slot__starts__gte=starts, slot__starts__lt=ends)
        if self.value() in {"coming", "past"}:
            now = timezone.now()
            return (
                appointments.filter(slot__starts__gte=now)
                if self.value() == "coming"
                else appointments.filter(slot__starts__lt=now)
            )
        return appointments


class StatusFilter(admin.SimpleListFilter):
    """The statuses but for held: a hold has no patient yet."""

    title = "where it stands"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(status.value, status.label) for status in Status if status != Status.HELD]

    def queryset(self, request: HttpRequest, appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
        return appointments.filter(status=self.value()) if self.value() in Status.values else appointments


class ClinicianFilter(admin.SimpleListFilter):
    title = "clinician"
    parameter_name = "clinician"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(str(clinician.pk), clinician.name) for clinician in clinicians_of(request.user)]

    def queryset(self, request: HttpRequest, appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
        chosen = key_in(self.value())
        return appointments.filter(slot__clinician=chosen) if chosen else appointments


class HowFilter(admin.ChoicesFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "how"


class AppointmentTypeFilter(admin.SimpleListFilter):
    """The types among the appointments that may be seen. The parameter is the one of existing bookmarks."""

    title = "kind"
    parameter_name = "type__id__exact"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        types = AppointmentType.objects.filter(appointments__in=model_admin.get_queryset(request)).distinct()
        return [(str(appointment_type.pk), appointment_type.name) for appointment_type in types]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
        chosen = key_in(self.value())
        if self.value() and not chosen:
            raise IncorrectLookupParameters
        return appointments.filter(appointment_type=chosen) if chosen else appointments


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    change_list_template = "admin/appointments/desk/change_list.html"
    list_display = ["name", "spoken_reference", "starts", "kind", "clinician", "standing"]
    list_filter = [WhenFilter, StatusFilter, ClinicianFilter, ("mode", HowFilter), AppointmentTypeFilter]
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ["slot__clinician", "appointment_type"]
    list_per_page = 50
    ordering = ["-slot__starts"]
    search_fields = ["reference", "name", "email", "telephone"]
    search_help_text = "Name, reference, e-mail address, telephone number, or a day such as 23.11.2026."
    actions = None
    show_full_result_count = False
    # The only lookups that the list's address may contain: any other filter could be used as an oracle.
    LOOKUPS = {"when", "status", "clinician", "mode__exact", "type__id__exact"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        return appointments_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        own = [
            *calendar_screens.calendar_urls(site),
            *recovery.recovery_urls(site),
            *worklist_screens.worklist_urls(site),
            *feed_screens.feed_urls(site),
            *spreadsheet.export_urls(site, self),
            *documents.document_urls(site),
            *screens.page_urls(site),
            *readiness_screens.readiness_urls(site),
            *packs.pack_urls(site),
            *opinions.opinion_urls(site),
            *rights.rights_urls(site),
        ]
        return own + super().get_urls()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.LOOKUPS

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Patients are searched for in the list only, where each that is shown is on record."""
        return [] if request.resolver_match.url_name == "autocomplete" else self.search_fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Appointment], search_term: str
    ) -> tuple[QuerySet[Appointment], bool]:
        day = day_from_words(search_term)
        if day:
            starts, ends = bounds(day, 1)
            return queryset.filter(slot__starts__gte=starts, slot__starts__lt=ends), False
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        digits = re.sub(r"[^0-9]", "", search_term)
        if len(digits) >= LEAST_DIGITS and re.fullmatch(r"[0-9 ().+/-]+", search_term.strip()):
            # However it is written, here or there: the same digits in the same order.
            return queryset.filter(Q(telephone__regex="[^0-9]*".join(digits))), may_repeat
        return found, may_repeat

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        extra = {
            "title": "Appointments",
            "is_nav_sidebar_enabled": False,  # the columns need the room
            "may_export": request.user.has_perm(EXPORT),
            "filters": request.GET.urlencode(),
        }
        answer = super().changelist_view(request, (extra_context or {}) | extra)
        if shown := getattr(answer, "context_data", {}).get("cl"):
            record_listed(request, shown.result_list, "Search" if shown.query else "")
        return answer

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return screens.page(request, pk=key_in(object_id))

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """The history of an appointment is on its own page."""
        return self.change_view(request, object_id)

    @admin.display(description="reference", ordering="reference")
    def spoken_reference(self, appointment: Appointment) -> str:
        return appointment.spoken_reference

    @admin.display(description=f"when ({settings.TIME_ZONE})", ordering="slot__starts")
    def starts(self, appointment: Appointment) -> str:
        return moment(appointment.slot.starts)

    @admin.display(description="what", ordering="appointment_type__name")
    def kind(self, appointment: Appointment) -> str:
        return f"{appointment.appointment_type}, {appointment.get_mode_display().lower()}"

    @admin.display(description="where it stands", ordering="status")
    def standing(self, appointment: Appointment) -> str:
        return appointment.standing

    @admin.display(ordering="slot__clinician__name")
    def clinician(self, appointment: Appointment) -> str:
        return appointment.slot.clinician.name


def day_from_words(words: str) -> date | None:
    """The day in a search, or None if the words are no date."""
    for form in DATES:
        try:
            return datetime.strptime(words.strip(), form).date()
        except ValueError:
            continue
    return None
