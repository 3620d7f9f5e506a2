"""Editing what is public as soon as it is saved: tags, questions about the service, general pages."""

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from conditions import publishing
from conditions.models import FAQ, GeneralPage, Tag


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "slug"]
    list_filter = ["kind"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(FAQ)
class FAQAdmin(admin.ModelAdmin):
    """All questions. Those of a condition belong to its working copy; those of the service are public when saved."""

    list_display = ["question", "belongs_to", "position"]
    list_filter = [("condition", admin.EmptyFieldListFilter), "condition"]
    list_select_related = ["condition"]
    list_editable = ["position"]
    search_fields = ["question", "answer"]
    autocomplete_fields = ["condition"]
    fields = ["condition", "position", "question", "answer"]

    @admin.display(description="belongs to", ordering="condition__name")
    def belongs_to(self, faq: FAQ) -> str:
        return str(faq.condition or "The service")

    def save_model(self, request: HttpRequest, obj: FAQ, form: ModelForm, change: bool) -> None:
        publishing.save_question(question=obj)

    def delete_model(self, request: HttpRequest, obj: FAQ) -> None:
        publishing.delete_questions(questions=FAQ.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FAQ]) -> None:
        publishing.delete_questions(questions=queryset)


@admin.register(GeneralPage)
class GeneralPageAdmin(admin.ModelAdmin):
    list_display = ["title", "slug", "updated_at"]
    search_fields = ["title", "body"]
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: GeneralPage | None = None) -> list[str]:
        return ["slug"] if obj and obj.slug in GeneralPage.LINKED else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: GeneralPage | None = None) -> dict[str, list[str]]:
        return {} if obj else {"slug": ["title"]}

    def has_delete_permission(self, request: HttpRequest, obj: GeneralPage | None = None) -> bool:
        linked = obj is not None and obj.slug in GeneralPage.LINKED
        return not linked and super().has_delete_permission(request, obj)
