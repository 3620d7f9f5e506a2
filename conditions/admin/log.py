"""Readers' feedback and the log of steps, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from calcsite.admin.readonly import ReadOnlyAdmin
from conditions.models import Feedback, PageEvent


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    """Answers to "Was this page helpful?". They are anonymous."""

    list_display = ["created_at", "condition", "helpful", "comment", "edition"]
    list_filter = ["helpful", ("comment", admin.EmptyFieldListFilter), "condition", "created_at"]
    list_select_related = ["condition", "edition__condition"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).defer("edition__content")

    search_fields = ["comment"]
    date_hierarchy = "created_at"


@admin.register(PageEvent)
class PageEventAdmin(ReadOnlyAdmin):
    """Every step of every page. Triggers in the database refuse changes."""

    list_display = ["at", "condition_name", "kind", "edition_number", "by", "why"]
    list_filter = ["kind", "at", ("by", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["by", "edition"]
    search_fields = ["condition_name", "why"]
    date_hierarchy = "at"
    fields = ["at", "condition_name", "kind", "edition_number", "by", "why"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PageEvent]:
        return super().get_queryset(request).defer("edition__content")

    @admin.display(description="edition", ordering="edition__number")
    def edition_number(self, step: PageEvent) -> int | None:
        return step.edition and step.edition.number
