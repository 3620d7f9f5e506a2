"""The admin of the checklist, the guidance for recovery, and the questions to choose from."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone

from appointments.governance.permissions import REVIEW
from appointments.guidance import versions
from appointments.guidance.forms import GuidanceForm, ReviewForm
from appointments.guidance.screens import guidance_urls
from appointments.guidance.versions import Item
from appointments.models import ChecklistItem, QuestionPrompt, RecoveryGuidance
from calcsite.admin.guarding import GuardedAdmin
from calcsite.admin.lines import LINES
from conditions.compare.fields import differences

SAFETY_FIELDS = ("When you change it", {"fields": ["is_safety_change"]})


class GuidanceAdmin(GuardedAdmin, admin.ModelAdmin):
    form = GuidanceForm
    differences = staticmethod(differences)
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
    actions = None  # a bulk change could not be taken back

    def get_fieldsets(self, request: HttpRequest, obj: Item | None = None) -> list[tuple]:
        """A new item has no copies, and so no safety change."""
        words, *others = super().get_fieldsets(request, obj)
        return [words, *others] if obj and self.has_change_permission(request, obj) else [words]

    def has_delete_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        """An item with unsafe copies stays: without it the list of their patients would be empty."""
        return super().has_delete_permission(request, obj) and not (obj and versions.holders(obj).exists())

    def get_urls(self) -> list[URLPattern]:
        return guidance_urls(self) + super().get_urls()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], obj: Item | None = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            may_review = request.user.has_perm(REVIEW) and obj.changed_by_id != request.user.pk
            context |= {"item": obj, "may_review": may_review and not obj.reviewed_at}
            context["review_form"] = ReviewForm(state=versions.fingerprint_of(obj))
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
        """Redirect to the list of unsafe copies after a safety change."""
        if not request.POST.get("is_safety_change"):
            return super().response_change(request, obj)
        messages.success(request, f"Saved as version {obj.version}. Nobody should follow an older one any more.")
        return redirect(f"admin:appointments_{self.opts.model_name}_holders", obj.pk)

    @admin.display(description="for", ordering="condition__name")
    def audience(self, item: Item) -> str:
        return str(item.condition or "All conditions")

    @admin.display(description="reviewed", ordering="reviewed_at")
    def reviewed(self, item: Item) -> str:
        if item.reviewed_at is None:
            return "Nobody yet"
        return f"{timezone.localtime(item.reviewed_at):%d.%m.%Y}, {item.reviewer}"


@admin.register(ChecklistItem)
class ChecklistItemAdmin(GuidanceAdmin):
    list_display = ["title", "audience", "position", "days_before", "tool", "version", "reviewed"]
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
    list_display = ["title", "audience", "position", "treatment", "first_day", "last_day", "version", "reviewed"]
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
    list_display = ["text", "audience", "position"]
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
    def audience(self, prompt: QuestionPrompt) -> str:
        return str(prompt.condition or "All conditions")
