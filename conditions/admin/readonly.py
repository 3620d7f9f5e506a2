"""What staff read in the admin and nobody changes there: what readers said, and the log of steps."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from conditions.admin.lookups import OwnFiltersOnly
from conditions.models import Feedback, PageEvent


class ReadOnlyAdmin(OwnFiltersOnly, admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django looks for the row first, and so tells anybody whether it is there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, *args, **kwargs)


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    """Answers to "Was this page helpful?". Nobody can say whose they are."""

    list_display = ["created_at", "condition", "helpful", "comment", "edition"]
    list_filter = ["helpful", ("comment", admin.EmptyFieldListFilter), "condition", "created_at"]
    list_select_related = ["condition", "edition__condition"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        return super().get_queryset(request).defer("edition__content")

    search_fields = ["comment"]
    date_hierarchy = "created_at"


@admin.register(PageEvent)
class PageEventAdmin(ReadOnlyAdmin):
    """Every step of every page. The database lets nobody change it."""

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
