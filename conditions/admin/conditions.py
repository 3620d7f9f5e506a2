"""Editing a condition: the working copy with its parts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError, models
from django.db.models import Count, OuterRef, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import get_text_list

from calcsite.admin.guarding import refuse_tampered_choices
from calcsite.admin.inlines import LoadedRowsFormSet
from calcsite.admin.lines import LINES
from calcsite.web.keys import key_in
from conditions.admin import exchange, steps
from conditions.admin.guarding import LINKS, GuardedAdmin, WorkingCopyForm
from conditions.admin.reports import report_urls
from conditions.admin.uses import with_uses
from conditions.composing import Rows, compose
from conditions.editing import drafting
from conditions.models import FAQ, Alias, Condition, Edition, Feedback, Section, Source
from conditions.parts import ROWS

STATES = [("approved", "Approved by a clinician"), ("unreviewed", "Public without a clinician’s review")]


class PartInline(admin.StackedInline):
    """Rows of one kind under a page's own fields. `add_text` is the label of the button that adds a row."""

    template = "admin/conditions/rows.html"
    formset = LoadedRowsFormSet
    extra = 0


class SectionInline(PartInline):
    model = Section
    add_text = "Add a section"
    fields = [("position", "kind"), "heading", "body"]


class FAQInline(PartInline):
    model = FAQ
    add_text = "Add a question"
    fields = ["position", "question", "answer"]


class SourceInline(PartInline):
    model = Source
    add_text = "Add a source"
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    fields = ["position", "title", "publisher", ("url", "seen")]


class AliasInline(PartInline):
    model = Alias
    add_text = "Add another name"
    extra = 1


class WorkFilter(admin.SimpleListFilter):
    title = "where the work stands"
    parameter_name = "work"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return list(Condition.Work.choices)

    def queryset(self, request: HttpRequest, conditions: QuerySet[Condition]) -> QuerySet[Condition]:
        return conditions.filter(work=self.value()) if self.value() in Condition.Work.values else conditions


class LiveFilter(admin.SimpleListFilter):
    title = "what the public sees"
    parameter_name = "live"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [*STATES, ("no", "Not public")]

    def queryset(self, request: HttpRequest, conditions: QuerySet[Condition]) -> QuerySet[Condition]:
        if self.value() == "no":
            return conditions.filter(live_edition=None)
        return conditions.filter(live_edition__status=self.value()) if self.value() in dict(STATES) else conditions


@admin.register(Condition)
class ConditionAdmin(GuardedAdmin, admin.ModelAdmin):
    form = WorkingCopyForm
    list_display = ["name", "work", "public_state", "review_due", "helped", "last_saved"]
    list_filter = [WorkFilter, LiveFilter]
    list_select_related = ["live_edition", "listing"]
    search_fields = ["name", "aliases__name", "summary", "sections__body", "faqs__question"]
    search_help_text = "Looks in names, summaries, sections and questions of the working copies."
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["tags", "related"]
    inlines = [SectionInline, FAQInline, SourceInline, AliasInline]
    save_on_top = True
    formfield_overrides = LINES
    change_form_template = "admin/conditions/condition/change_form.html"
    fieldsets = [
        (None, {"fields": ["name", "slug", "summary", "key_facts", "featured"]}),
        (
            "Emergency care card",
            {"fields": ["emergency_signs"], "description": "The box that says when to call for help now."},
        ),
        ("Picture", {"fields": ["picture", "picture_alt", "picture_decorative"]}),
        ("How readers find it", {"fields": ["tags", "related"]}),
        ("Review", {"fields": ["review_months"]}),
    ]

    @admin.display(description="work", ordering="work")
    def work(self, condition: Condition) -> str:
        return Condition.Work(condition.work).label

    @admin.display(description="last saved", ordering="updated_at")
    def last_saved(self, condition: Condition) -> datetime:
        return condition.updated_at

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
            .with_work()
            .annotate(
                answer_count=Coalesce(Subquery(answers.values(count=Count("pk"))), 0),
                helpful_count=Coalesce(Subquery(answers.filter(helpful=True).values(count=Count("pk"))), 0),
            )
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Condition | None:
        """A condition with the rows of its page. A save reads both once, under the condition's lock.

        A deletion locks several conditions in the order of their keys (`drafting.delete`), and so none here.
        """
        if request.method == "POST" and request.resolver_match.url_name == "conditions_condition_change":
            return drafting.locked_working_copy(key_in(object_id))
        condition = super().get_object(request, object_id, from_field)
        if condition is not None:
            prefetch_related_objects([condition], *ROWS)
        return condition

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        refuse_tampered_choices(request, self.autocomplete_fields)
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except IntegrityError:
            if object_id is not None:
                raise
            # Two forms for the same new page at once: the first is stored, and the second would be it again.
            messages.error(request, "A condition with this name or address was saved at this moment. Find it below.")
            return redirect("admin:conditions_condition_changelist")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Log the save once all rows are stored, with the content of the working copy as it is now."""
        super().save_related(request, form, formsets, change)
        if what := sorted({str(name) for name in changed_parts(form, formsets)}):
            content = compose(form.instance, saved_rows(form, formsets))
            what_in_words = get_text_list(what, "and")
            drafting.note_content(condition=form.instance, content=content, by=request.user, what=what_in_words)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if condition := kwargs.get("obj"):
            editions = condition.editions.without_content()
            last = editions.first()
            context["waiting_editions"] = [*editions.waiting(), *editions.scheduled()]
            context["returned_edition"] = last if last and last.status == Edition.Status.RETURNED else None
        return super().render_change_form(request, context, **kwargs)

    def response_add(self, request: HttpRequest, obj: Condition, post_url_continue: str | None = None) -> HttpResponse:
        return self._next_step(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Condition) -> HttpResponse:
        return self._next_step(request, obj) or super().response_change(request, obj)

    def _next_step(self, request: HttpRequest, condition: Condition) -> HttpResponse | None:
        """Where “Save and preview” and “Save and send for review” lead."""
        for step in ("preview", "submit"):
            if f"_{step}" in request.POST:
                return redirect(f"admin:conditions_condition_{step}", condition.pk)
        return None

    def has_delete_permission(self, request: HttpRequest, obj: Condition | None = None) -> bool:
        """A page that was ever sent for review has a history, which is kept: it can be taken off the site."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.editions.exists())

    def delete_model(self, request: HttpRequest, obj: Condition) -> None:
        drafting.delete(condition=obj, by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Condition]) -> None:
        for condition in queryset:
            drafting.delete(condition=condition, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        return with_uses(super().get_deleted_objects(objs, request), objs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return steps.history(request, key_in(object_id))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        names = {
            "preview": steps.preview,
            "submit": steps.submit,
            "publish": steps.publish,
            "withdraw": steps.withdraw,
            "compare": steps.compare_states,
            "links": steps.links,
            "export": exchange.export,
        }
        own = [
            path(f"<int:pk>/{name}/", view(step), name=f"conditions_condition_{name}") for name, step in names.items()
        ]
        own += [
            *report_urls(self.admin_site),
            path("import/", view(exchange.import_), name="conditions_condition_import"),
            path("<int:pk>/revert/<int:number>/", view(steps.revert), name="conditions_condition_revert"),
            path("<int:pk>/links/<int:link>/end/", view(steps.end_link), name="conditions_condition_end_link"),
        ]
        return own + super().get_urls()


def saved_rows(form: WorkingCopyForm, formsets: list[LoadedRowsFormSet]) -> Rows:
    """The rows of a working copy that has just been saved, without reading them again."""
    condition = form.instance
    shared = {name: form.cleaned_data.get(name, getattr(condition, name).all()) for name in LINKS}
    return shared | {formset.relation: formset.saved_rows for formset in formsets}


def changed_parts(form: Any, formsets: Any) -> Iterator[str]:
    """The fields and rows that a save has changed, by their labels in the form."""
    yield from (form.fields[name].label or name for name in form.changed_data if name != "seen")
    for formset in formsets:
        if formset.has_changed():
            yield formset.model._meta.verbose_name_plural
