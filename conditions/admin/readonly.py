"""What staff read in the admin and nobody changes there: editions, and what readers said."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from conditions.models import Edition, Feedback


class ReadOnlyAdmin(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    list_display = ["condition", "number", "status", "submitted_by", "submitted_at", "published_at"]
    list_filter = ["status", "condition"]
    list_select_related = ["condition", "submitted_by"]
    search_fields = ["condition__name", "reviewer_name"]
    exclude = ["content"]
    readonly_fields = ["is_intact", "what_it_says"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        return super().get_queryset(request).defer("content")

    @admin.display(boolean=True, description="intact")
    def is_intact(self, edition: Edition) -> bool:
        return edition.is_intact

    @admin.display(description="what it says")
    def what_it_says(self, edition: Edition) -> str:
        return json.dumps(edition.content, indent=2, ensure_ascii=False)


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
