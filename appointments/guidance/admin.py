"""The checklist, the guidance for recovery and the questions to choose from: writing them, and reading them right."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from appointments.governance.permissions import REVIEW
from appointments.guidance import versions
from appointments.guidance.screens import guidance_urls
from appointments.guidance.versions import Item
from appointments.models import ChecklistItem, QuestionPrompt, RecoveryGuidance
from calcsite.admin.lines import LINES
from conditions.admin.guarding import GuardedAdmin, GuardedForm

SAFETY = "This is a safety change: what patients hold now must no longer be followed"


SAFETY_FIELDS = ("When you change it", {"fields": ["is_safety_change"]})


class GuidanceForm(GuardedForm):
    is_safety_change = forms.BooleanField(
        label=SAFETY,
        required=False,
        help_text="Each booking and each recovery plan has a copy of the words as they were, and keeps it. "
        "Tick this when following the old words could harm somebody. You then see how many patients have them, and "
        "whoever looks after the bookings finds these patients on a list.",
    )


class GuidanceAdmin(GuardedAdmin, admin.ModelAdmin):
    form = GuidanceForm
    change_form_template = "admin/appointments/guidance/change_form.html"
    delete_confirmation_template = "admin/appointments/guidance/delete_confirmation.html"
    list_filter = [
        ("reviewed_at", admin.EmptyFieldListFilter),
        ("condition", admin.EmptyFieldListFilter),
        ("condition", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["condition"]
    search_fields = ["title", "text"]
    formfield_overrides = LINES
    actions = None  # many at once is a mistake that nobody can take back

    def get_fieldsets(self, request: HttpRequest, obj: Item | None = None) -> list[tuple]:
        """Only what is there already, and in somebody's hands, can be changed for safety."""
        words, *others = super().get_fieldsets(request, obj)
        return [words, *others] if obj and self.has_change_permission(request, obj) else [words]

    def has_delete_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        """While somebody holds unsafe words of an item it stays: without it they would be on no list."""
        return super().has_delete_permission(request, obj) and not (obj and versions.holders(obj).exists())

    def get_urls(self) -> list[URLPattern]:
        return guidance_urls(self) + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: Item | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            may_review = request.user.has_perm(REVIEW) and obj.changed_by_id != request.user.pk
            context |= {"item": obj, "may_review": may_review and not obj.reviewed_at}
            context |= {"held": versions.copies(obj).count(), "held_unsafe": versions.holders(obj).count()}
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)
        held = versions.copies(obj).count() if obj else 0
        return super().delete_view(request, object_id, (extra_context or {}) | {"held": held})

    def save_model(self, request: HttpRequest, obj: Item, form: GuidanceForm, change: bool) -> None:
        is_safety_change = form.cleaned_data.get("is_safety_change", False)
        versions.save(item=obj, by=request.user, is_safety_change=is_safety_change)

    def response_change(self, request: HttpRequest, obj: Item) -> HttpResponse:
        """After a safety change, to those who hold the old words."""
        if not request.POST.get("is_safety_change"):
            return super().response_change(request, obj)
        messages.success(request, f"Saved as version {obj.version}. Nobody should follow an older one any more.")
        return redirect(f"admin:appointments_{self.opts.model_name}_holders", obj.pk)

    @admin.display(description="for", ordering="condition__name")
    def whom(self, item: Item) -> str:
        return str(item.condition or "All conditions")

    @admin.display(description="reviewed", ordering="reviewed_at")
    def reviewed(self, item: Item) -> str:
        if item.reviewed_at is None:
            return "Nobody yet"
        return f"{timezone.localtime(item.reviewed_at):%d.%m.%Y}, {item.reviewer}"


@admin.register(ChecklistItem)
class ChecklistItemAdmin(GuidanceAdmin):
    list_display = ["title", "whom", "position", "days_before", "tool", "version", "reviewed"]
    fieldsets = [
        (
            None,
            {
                "fields": ["condition", "position", "title", "text", "tool", "days_before"],
                "description": "Everybody reads it on the public checklist as soon as you save. Each new booking gets "
                "a copy of the list; bookings that are there keep theirs. Write short sentences to “you”.",
            },
        ),
        SAFETY_FIELDS,
    ]


@admin.register(RecoveryGuidance)
class RecoveryGuidanceAdmin(GuidanceAdmin):
    list_display = ["title", "whom", "position", "treatment", "first_day", "last_day", "version", "reviewed"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("condition", "treatment"),
                    "position",
                    "title",
                    "text",
                    ("first_day", "last_day"),
                    "normal",
                    "do",
                    "dont",
                ],
                "description": "Everybody reads it on the public page about recovery as soon as you save. Each new "
                "recovery plan gets a copy; plans that are there keep theirs. Say “may” and “ask” where it depends on "
                "the patient.",
            },
        ),
        SAFETY_FIELDS,
    ]


@admin.register(QuestionPrompt)
class QuestionPromptAdmin(admin.ModelAdmin):
    list_display = ["text", "whom", "position"]
    list_filter = [("condition", admin.EmptyFieldListFilter), ("condition", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["condition"]
    search_fields = ["text"]
    actions = None
    fieldsets = [
        (
            None,
            {
                "fields": ["condition", "position", "text"],
                "description": "Patients choose from these when they prepare. What they have chosen is theirs, and "
                "stays as it was when you change or delete it here.",
            },
        )
    ]

    @admin.display(description="for", ordering="condition__name")
    def whom(self, prompt: QuestionPrompt) -> str:
        return str(prompt.condition or "All conditions")
