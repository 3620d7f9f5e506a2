"""Staff accounts. An administrator looks after them, and can make nobody mightier than an administrator may be."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, User
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from post_office.models import Attachment, Email, EmailTemplate, Log

from calcsite.models import StaffProfile
from calcsite.staff import secondfactor

# What libraries show that nobody here should see or needs: secrets of second factors, and messages to patients.
for model in [EmailAddress, Authenticator, Attachment, Email, EmailTemplate, Log, User, Group]:
    admin.site.unregister(model)


class ProfileInline(admin.StackedInline):
    model = StaffProfile
    can_delete = False
    verbose_name_plural = "for the public, and for the weekly e-mail"


@admin.register(User)
class PersonAdmin(UserAdmin):
    list_display = ["username", "get_full_name", "in_groups", "is_active", "has_second_factor", "last_login"]
    list_filter = ["is_active", "groups"]
    inlines = [ProfileInline]
    actions = ["remove_second_factor"]
    add_form = UserCreationForm
    add_fieldsets = [(None, {"fields": ["username", "first_name", "last_name", "email", "password1", "password2"]})]
    WHO = [(None, {"fields": ["username", "password"]}), ("Person", {"fields": ["first_name", "last_name", "email"]})]
    DATES = ("Dates", {"fields": ["last_login", "date_joined"]})
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=secondfactor.FACTORS)
        return super().get_queryset(request).prefetch_related("groups").annotate(second_factor=Exists(factors))

    @admin.display(description="groups")
    def in_groups(self, person: User) -> str:
        if person.is_superuser:
            return "Superuser"
        return ", ".join(group.name for group in person.groups.all()) or "None"

    @admin.display(description="second factor", boolean=True, ordering="second_factor")
    def has_second_factor(self, person: User) -> bool:
        return person.second_factor

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        if obj is None:
            return self.add_fieldsets
        rights = ["is_active", "groups"]
        if request.user.is_superuser:
            rights = ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]
        return [*self.WHO, ("What they may do", {"fields": rights}), self.DATES]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Nobody raises themselves, or shuts themselves out."""
        own = ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser: the password too."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """An account is deactivated: what it did keeps its name."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        obj.is_staff = obj.is_staff or not change  # there are no accounts but those of staff
        super().save_model(request, obj, form, change)

    @admin.action(description="Remove the second factor (telephone lost)", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for person in people:
            if person == request.user or not self.has_change_permission(request, person):
                messages.error(request, f"You cannot remove the second factor of “{person}”.")
                continue
            secondfactor.remove(user=person, by=request.user)
            messages.success(request, f"“{person}” is signed out everywhere, and sets up another at the next sign-in.")


@admin.register(Group)
class RolesAdmin(GroupAdmin):
    """What each group may do is written in a migration. Only a superuser changes it."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.is_superuser
