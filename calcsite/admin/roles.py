from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from calcsite.admin.words import ROLES, RenamedModelMixin

admin.site.unregister(Group)


@admin.register(Group)
class RolesAdmin(RenamedModelMixin, GroupAdmin):
    """Roles, whose permissions are granted by migrations. Only superusers change them, and see every permission."""

    singular, plural = "role", "Roles"
    list_display = ["name", "description", "people"]
    search_fields = []
    actions = None
    readonly_fields = ["description", "people"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        people = User.objects.filter(is_active=True).order_by("first_name", "last_name", "username")
        return super().get_queryset(request).prefetch_related(Prefetch("user_set", people, to_attr="who"))

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        described = ["description", "people"] if obj else []
        precisely = ["permissions"] if request.user.is_superuser else []
        return [(None, {"fields": ["name", *described, *precisely]})]

    @admin.display(description="What it may do")
    def description(self, role: Group) -> str:
        return ROLES.get(role.name, "What a superuser has ticked for it.")

    @admin.display(description="People")
    def people(self, role: Group) -> str:
        return ", ".join(person.get_full_name() or person.get_username() for person in role.who) or "Nobody"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser
