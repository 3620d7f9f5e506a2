"""The admin of content without editions: general pages and questions about the service, public when saved, and tags.

Questions of conditions are here too: they belong to working copies.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from calcsite.admin.guarding import refuse_tampered_choices
from calcsite.web.keys import key_in
from conditions.admin.guarding import GuardedAdmin
from conditions.admin.uses import with_uses
from conditions.editing import answering, drafting
from conditions.models import FAQ, EmptySearch, GeneralPage, Tag


@admin.register(Tag)
class TagAdmin(GuardedAdmin, admin.ModelAdmin):
    """Words to filter by. A changed word is public page by page, as each is published again."""

    list_display = ["name", "kind", "slug"]
    list_filter = ["kind"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}

    def save_model(self, request: HttpRequest, obj: Tag, form: ModelForm, change: bool) -> None:
        drafting.save_tag(tag=obj, by=request.user)

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        drafting.delete_tags(tags=Tag.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Tag]) -> None:
        drafting.delete_tags(tags=queryset, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        return with_uses(super().get_deleted_objects(objs, request), objs)


@admin.register(FAQ)
class FAQAdmin(GuardedAdmin, admin.ModelAdmin):
    """All questions. A condition's questions belong to its working copy; the service's are public when saved.

    A question about the service therefore takes the permission to publish without a clinician's review.
    """

    list_display = ["question", "belongs_to", "position"]
    list_filter = [("condition", admin.EmptyFieldListFilter), "condition"]
    list_select_related = ["condition"]
    search_fields = ["question", "answer"]
    autocomplete_fields = ["condition"]
    fields = ["condition", "position", "question", "answer"]

    def has_change_permission(self, request: HttpRequest, obj: FAQ | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_publish(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: FAQ | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or may_publish(request, obj))

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, *args, **kwargs)
        if "condition" in form.base_fields:
            form.base_fields["condition"].required = not may_publish(request)
        return form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_tampered_choices(request, [name for name in self.autocomplete_fields if request.POST.get(name)])
        return super().changeform_view(request, *args, **kwargs)

    @admin.display(description="belongs to", ordering="condition__name")
    def belongs_to(self, faq: FAQ) -> str:
        return str(faq.condition or "The service")

    def save_model(self, request: HttpRequest, obj: FAQ, form: ModelForm, change: bool) -> None:
        drafting.save_question(question=obj, by=request.user)
        if search := EmptySearch.objects.filter(pk=key_in(request.GET.get("search"))).first():
            answering.close(search=search, by=request.user)

    def delete_model(self, request: HttpRequest, obj: FAQ) -> None:
        drafting.delete_questions(questions=FAQ.objects.filter(pk=obj.pk), by=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FAQ]) -> None:
        drafting.delete_questions(questions=queryset, by=request.user)


def may_publish(request: HttpRequest, question: FAQ | None = None) -> bool:
    """Whether the user may save a question: one about the service is public at once, and needs the permission."""
    of_condition = question is not None and question.condition_id is not None
    return of_condition or request.user.has_perm("conditions.publish_unreviewed")


@admin.register(GeneralPage)
class GeneralPageAdmin(GuardedAdmin, admin.ModelAdmin):
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
