"""Clinicians and their hours, types of appointment, and locations in the admin."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.base import File
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property

from appointments.governance.screens import PlainTitles
from appointments.models import AppointmentType, Clinician, Location, WorkingHours
from appointments.scheduling import photographs, slot_sync


class ClinicianForm(forms.ModelForm):
    class Meta:
        error_messages = {"photograph": {"invalid_image": photographs.WRONG_TYPE}}
        labels = {"user": "Staff account"}
        help_texts = {
            "slug": "The last part of their address on this site. It is made of the name.",
            "biography": "What patients read about them: training, work, what they can be asked.",
            "photograph_alt": "For those who cannot see it: “A woman with grey hair, smiling”.",
            "specialties": "Patients find the clinician by these.",
            "is_accepting": "Without it nobody can be booked. Who is booked already stays.",
            "user": "Whoever signs in with it sees this clinician’s patients and calendar.",
        }

    def clean_photograph(self) -> File | None:
        """A new photograph, in the form in which it may be public."""
        photograph = self.cleaned_data["photograph"]
        return photographs.prepared(photograph) if photograph and "photograph" in self.changed_data else photograph


class HoursFormSet(forms.BaseInlineFormSet):
    """The hours of one clinician, no two of which may be worked at once."""

    @cached_property
    def choices(self) -> dict[str, list]:
        """The choices of all rows, read once."""
        return {name: list(self.form.base_fields[name].choices) for name in ("types", "location")}

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        for name in self.choices.keys() & form.fields.keys():
            form.fields[name].choices = self.choices[name]

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if form not in self.deleted_forms]
        self._refuse_overlaps(kept)
        for form in kept:
            for each in form.cleaned_data["types"]:
                if each.minutes > form.instance.slot_minutes:
                    form.add_error(
                        "types",
                        f"“{each}” takes {each.minutes} minutes: the slots are too short for it.",
                    )

    @staticmethod
    def _refuse_overlaps(kept: list[forms.ModelForm]) -> None:
        for number, form in enumerate(kept):
            for earlier in kept[:number]:
                if form.instance.overlap(earlier.instance):
                    other = earlier.instance
                    form.add_error(
                        "starts",
                        f"These hours overlap others of the same day: {other.get_weekday_display()}, "
                        f"{other.starts:%H:%M} to {other.ends:%H:%M}. Change one of the two.",
                    )


class HoursInline(admin.StackedInline):
    model = WorkingHours
    formset = HoursFormSet
    formfield_overrides = {
        models.TimeField: {"widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"})},
        models.DateField: {"widget": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
    }
    extra = 0
    fields = [
        ("weekday", "starts", "ends"),
        ("slot_minutes", "buffer_minutes"),
        "types",
        ("video", "telephone", "in_person", "location"),
        ("valid_from", "valid_until"),
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[WorkingHours]:
        return super().get_queryset(request).select_related("clinician").prefetch_related("types")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field:
        return super().formfield_for_manytomany(db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple})


@admin.register(Clinician)
class ClinicianAdmin(PlainTitles, admin.ModelAdmin):
    form = ClinicianForm
    inlines = [HoursInline]
    list_display = ["name", "credentials", "languages", "is_accepting", "times"]
    show_facets = admin.ShowFacets.NEVER
    list_filter = ["is_accepting", "specialties"]
    search_fields = ["name", "biography"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["specialties", "conditions"]
    save_on_top = True
    fieldsets = [
        (None, {"fields": ["name", "slug", "credentials", "biography", "languages"]}),
        ("Photograph", {"fields": ["photograph", "photograph_alt"]}),
        ("What they give opinions on", {"fields": ["specialties", "conditions"]}),
        (
            "Booking",
            {
                "fields": ["is_accepting", "time_zone", "user", "is_demonstration"],
                "description": "Working hours are below. Who is booked outside of changed hours is never dropped: "
                "they are on the list of appointments that no hours cover.",
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Clinician | None = None) -> list[str]:
        """The account decides about access to patients, so only users who may change accounts link it."""
        return [] if request.user.has_perm("auth.change_user") else ["user"]

    @admin.display(description="free times")
    def times(self, clinician: Clinician) -> str:
        return "could not be made" if clinician.slots_failed_at else "are made"

    def save_related(self, request: HttpRequest, form: ClinicianForm, formsets: Any, change: bool) -> None:
        """Make the slots anew, after all hours are stored."""
        super().save_related(request, form, formsets, change)
        new = slot_sync.make_slots(clinician=form.instance)
        if new:
            messages.info(request, f"Times that can be booked now, and could not before: {new}.")


@admin.register(AppointmentType)
class AppointmentTypeAdmin(PlainTitles, admin.ModelAdmin):
    list_display = ["name", "minutes", "notice_hours", "horizon_days", "ways", "bookable_by_patients"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "description"]}),
        ("Length", {"fields": ["minutes", "buffer_minutes"]}),
        ("How", {"fields": ["video", "telephone", "in_person"]}),
        ("Who books, and when", {"fields": ["bookable_by_patients", "notice_hours", "horizon_days"]}),
    ]

    def save_model(self, request: HttpRequest, obj: AppointmentType, form: forms.ModelForm, change: bool) -> None:
        """The slots depend on the minutes that are kept free between them."""
        super().save_model(request, obj, form, change)
        if change and "buffer_minutes" in form.changed_data:
            slot_sync.make_slots()
        short = WorkingHours.objects.filter(types=obj, slot_minutes__lt=obj.minutes).count()
        if short:
            messages.warning(request, f"Working hours whose slots are too short for it, and do not offer it: {short}.")

    @admin.display(description="how")
    def ways(self, appointment_type: AppointmentType) -> str:
        return ", ".join(mode.label for mode in appointment_type.modes)


@admin.register(Location)
class LocationAdmin(PlainTitles, admin.ModelAdmin):
    list_display = ["name", "address"]
    search_fields = ["name", "address"]
