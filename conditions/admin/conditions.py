"""Editing a condition: the working copy with its parts, the preview, and the way to the public."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from conditions import pages, publishing
from conditions.admin.forms import PublishForm
from conditions.models import FAQ, Alias, Condition, Feedback, Section, Source


class AliasInline(admin.TabularInline):
    model = Alias
    extra = 1


class SectionInline(admin.StackedInline):
    model = Section
    extra = 0
    fields = [("position", "kind"), "heading", "body"]


class FAQInline(admin.StackedInline):
    model = FAQ
    extra = 0
    fields = ["position", "question", "answer"]


class SourceInline(admin.StackedInline):
    model = Source
    extra = 0
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fields = ["position", "title", "publisher", ("url", "seen")]


class LiveFilter(admin.SimpleListFilter):
    title = "whether the public sees it"
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Public"), ("no", "Not public")]

    def queryset(self, request: HttpRequest, conditions: QuerySet[Condition]) -> QuerySet[Condition]:
        if self.value() not in {"yes", "no"}:
            return conditions
        return conditions.filter(live_edition__isnull=self.value() == "no")


@admin.register(Condition)
class ConditionAdmin(admin.ModelAdmin):
    list_display = ["name", "public_state", "review_due", "helped", "updated_at"]
    list_filter = [LiveFilter, "live_edition__status", "tags"]
    list_select_related = ["live_edition", "listing"]
    search_fields = ["name", "aliases__name", "summary", "sections__body", "faqs__question"]
    search_help_text = "Looks in names, summaries, sections and questions of the working copies."
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["tags", "related"]
    inlines = [AliasInline, SectionInline, FAQInline, SourceInline]
    save_on_top = True
    fieldsets = [
        (None, {"fields": ["name", "slug", "summary", "key_facts", "featured"]}),
        (
            "Emergency care card",
            {"fields": ["emergency_signs"], "description": "The box that says when to call for help now."},
        ),
        ("Picture", {"fields": ["picture", "picture_alt", "picture_decorative"]}),
        ("How readers find it", {"fields": ["tags", "related"]}),
    ]

    @admin.display(description="public page", ordering="live_edition__published_at")
    def public_state(self, condition: Condition) -> str:
        edition = condition.live_edition
        if edition is None:
            return "Not public"
        address = condition.listing.get_absolute_url()
        return format_html('<a href="{}">Edition {}</a>: {}', address, edition.number, edition.get_status_display())

    @admin.display(description="next review due", ordering="live_edition__review_due_on")
    def review_due(self, condition: Condition) -> Any:
        return condition.live_edition and condition.live_edition.review_due_on

    @admin.display(description="found helpful", ordering="helpful_count")
    def helped(self, condition: Condition) -> str:
        if not condition.answer_count:
            return "No answers yet"
        return f"{condition.helpful_count} of {condition.answer_count} readers"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Condition]:
        answers = Feedback.objects.filter(condition=OuterRef("pk")).order_by().values("condition")
        return (
            super()
            .get_queryset(request)
            .defer("live_edition__content")
            .annotate(
                answer_count=Coalesce(Subquery(answers.values(count=Count("pk"))), 0),
                helpful_count=Coalesce(Subquery(answers.filter(helpful=True).values(count=Count("pk"))), 0),
            )
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As ever; a form that was sent twice is answered in words, and what came first stays."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            messages.error(request, "This was saved already, here or by somebody else. Look at it before you go on.")
            return redirect(request.path)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/preview/", view(self.preview), name="conditions_condition_preview"),
            path("<int:pk>/publish/", view(self.publish), name="conditions_condition_publish"),
            path("<int:pk>/withdraw/", view(self.withdraw), name="conditions_condition_withdraw"),
        ]
        return own + super().get_urls()

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as the working copy would make it, for staff who may see the condition."""
        condition = get_object_or_404(Condition, pk=pk)
        if not self.has_view_permission(request, condition):
            raise PermissionDenied
        return HttpResponse(pages.render_preview(condition))

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish the working copy without a clinician's review, with a reason that is kept."""
        condition = self._may_publish(request, pk)
        form = PublishForm(request.POST or None)
        if form.is_valid():
            try:
                edition = publishing.publish_working_copy(condition=condition, by=request.user, **form.cleaned_data)
            except publishing.PublishingError as error:
                form.add_error(None, str(error))
            else:
                self.log_change(request, condition, f"Published edition {edition.number} without review.")
                messages.success(request, f"Edition {edition.number} of “{condition}” is public now.")
                return redirect("admin:conditions_condition_change", condition.pk)
        return self._question(request, condition, "admin/conditions/condition/publish.html", {"form": form})

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the page off the site, after a question."""
        condition = self._may_publish(request, pk)
        if request.method == "POST":
            publishing.withdraw(condition=condition)
            self.log_change(request, condition, "Taken off the site.")
            messages.success(request, f"“{condition}” is no longer public.")
            return redirect("admin:conditions_condition_change", condition.pk)
        return self._question(request, condition, "admin/conditions/condition/withdraw.html", {})

    def _may_publish(self, request: HttpRequest, pk: int) -> Condition:
        if not request.user.has_perm("conditions.publish_unreviewed"):
            raise PermissionDenied
        return get_object_or_404(Condition, pk=pk)

    def _question(
        self, request: HttpRequest, condition: Condition, template: str, context: dict[str, Any]
    ) -> TemplateResponse:
        context |= self.admin_site.each_context(request) | {"condition": condition, "opts": self.opts}
        return TemplateResponse(request, template, context)
