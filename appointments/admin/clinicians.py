"""Who gives opinions, when they work, what kinds of appointment there are, and where."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.base import File
from django.db import models
from django.http import HttpRequest

from appointments import availability, photographs
from appointments.admin.screens import PlainTitles
from appointments.models import AppointmentType, Clinician, Location, WorkingHours


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
        """Of a new photograph, what may be shown to everybody."""
        photograph = self.cleaned_data["photograph"]
        return photographs.prepared(photograph) if photograph and "photograph" in self.changed_data else photograph


class HoursFormSet(forms.BaseInlineFormSet):
    """The hours of one clinician, no two of which may be worked at once."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if form not in self.deleted_forms]
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

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> forms.Field:
        return super().formfield_for_manytomany(db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple})


@admin.register(Clinician)
class ClinicianAdmin(PlainTitles, admin.ModelAdmin):
    form = ClinicianForm
    inlines = [HoursInline]
    list_display = ["name", "credentials", "languages", "is_accepting"]
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
        """Whose patients somebody sees hangs on the account: only who looks after accounts ties them together."""
        return [] if request.user.has_perm("auth.change_user") else ["user"]

    def save_related(self, request: HttpRequest, form: ClinicianForm, formsets: Any, change: bool) -> None:
        """All hours are stored now: the slots follow them."""
        super().save_related(request, form, formsets, change)
        new = availability.make_slots(clinician=form.instance)
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

    @admin.display(description="how")
    def ways(self, kind: AppointmentType) -> str:
        return ", ".join(mode.label for mode in kind.modes)


@admin.register(Location)
class LocationAdmin(PlainTitles, admin.ModelAdmin):
    list_display = ["name", "address"]
    search_fields = ["name", "address"]
