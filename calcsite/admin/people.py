"""Staff accounts. Administrators manage them, and cannot grant more rights than they have."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.timezone import localdate

from calcsite.admin.forms import NewPersonForm, PersonForm
from calcsite.admin.words import RenamedModelMixin
from calcsite.models import StaffProfile
from calcsite.signin import inviting, secondfactor

# Models that libraries register and that staff must not see: secrets of second factors.
for model in [EmailAddress, Authenticator, User]:
    admin.site.unregister(model)


class ProfileInline(admin.StackedInline):
    model = StaffProfile
    template = "admin/auth/user/_profile.html"
    fieldsets = [("What the public and the weekly e-mail use", {"fields": ["credentials", "wants_digest"]})]
    can_delete = False
    min_num = max_num = 1


class RoleFilter(admin.RelatedFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title, self.empty_value_display = "role", "No role"


class MaySignInFilter(admin.BooleanFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "permission to sign in"


@admin.register(User)
class PersonAdmin(RenamedModelMixin, UserAdmin):
    singular, plural = "person", "People"
    list_display = ["name_of", "roles", "may_sign_in", "has_second_factor", "last_signed_in"]
    list_filter = [("is_active", MaySignInFilter), ("groups", RoleFilter)]
    inlines = [ProfileInline]
    actions = None
    form = PersonForm
    add_form = NewPersonForm
    IDENTITY = (None, {"fields": ["first_name", "last_name", "email", "username"]})
    DATES = ("Dates", {"fields": ["last_login", "date_joined"]})
    readonly_fields = ["last_login", "date_joined"]

    class Media:
        css = {"all": ["css/people.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=secondfactor.FACTORS)
        return super().get_queryset(request).prefetch_related("groups").annotate(second_factor=Exists(factors))

    @admin.display(description="name", ordering="first_name")
    def name_of(self, row: User) -> str:
        return row.get_full_name() or row.get_username()

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        if person.is_superuser:
            return "Superuser"
        return ", ".join(group.name for group in person.groups.all()) or "None"

    @admin.display(description="may sign in", ordering="is_active")
    def may_sign_in(self, person: User) -> str:
        if inviting.is_invited(person):
            return "Invited"
        return "Yes" if person.is_active else "No"

    @admin.display(description="second factor", ordering="second_factor")
    def has_second_factor(self, person: User) -> str:
        return "Set up" if person.second_factor else "Not yet"

    @admin.display(description="last signed in", ordering="last_login", empty_value="Never")
    def last_signed_in(self, person: User) -> Any:
        return person.last_login and localdate(person.last_login)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> list[tuple[str | None, dict[str, Any]]]:
        if obj is None:
            return [self.IDENTITY, ("What they may do", {"fields": ["groups"]})]
        rights = ["is_active", "groups"]
        if request.user.is_superuser:
            rights = ["is_active", "groups", "is_staff", "is_superuser", "user_permissions"]
        return [self.IDENTITY, ("What they may do", {"fields": rights}), self.DATES]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Users change neither their own rights nor their own access."""
        own = ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"] if obj == request.user else []
        return [*self.readonly_fields, *own]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Only a superuser changes a superuser."""
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Accounts are deactivated, so that the log of their actions keeps the name."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        obj.is_staff = obj.is_staff or not change  # there are no accounts but those of staff
        super().save_model(request, obj, form, change)
        if not change:
            inviting.invite(user=obj, by=request.user)
        elif "email" in form.changed_data:
            # django-allauth would go on sending links to the old address, which may be a stranger's.
            EmailAddress.objects.filter(user=obj).delete()

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        messages.success(request, f"“{self.name_of(obj)}” was added, and an invitation is on its way to {obj.email}.")
        return self.response_post_save_add(request, obj)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        messages.success(request, f"What you changed about “{self.name_of(obj)}” was saved.")
        return self.response_post_save_change(request, obj)

    def get_urls(self) -> list[URLPattern]:
        site = self.admin_site
        return [
            path("<int:pk>/invitation/", site.admin_view(self.invite_again), name="auth_user_invitation"),
            path(
                "<int:pk>/second-factor/", site.admin_view(self.remove_second_factor), name="auth_user_second_factor"
            ),
            *super().get_urls(),
        ]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """For superusers only: all others set their own, by an invitation or a password reset."""
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def invite_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = self._to_look_after(request, pk)
        if not inviting.is_invited(person) or not person.email:
            messages.error(request, f"“{self.name_of(person)}” cannot be invited now.")
        elif request.method == "POST":
            inviting.invite(user=person, by=request.user)
            messages.success(request, f"An invitation is on its way to {person.email}.")
        else:
            words = {
                "title": f"Send the invitation to {self.name_of(person)} again?",
                "yes": "Send it",
                "no": "Leave it",
            }
            return self._ask(request, person, "invitation.html", words)
        return redirect("admin:auth_user_change", pk)

    def remove_second_factor(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Remove a lost second factor. Users remove their own on another page, which asks for it first."""
        person = self._to_look_after(request, pk)
        if person == request.user:
            raise PermissionDenied
        if request.method != "POST":
            words = {
                "title": f"Remove the second factor of {self.name_of(person)}?",
                "yes": "Remove it",
                "no": "Keep it",
            }
            return self._ask(request, person, "second_factor.html", words)
        secondfactor.remove(user=person, by=request.user)
        done = f"“{self.name_of(person)}” is signed out everywhere, and sets up another at the next sign-in."
        messages.success(request, done)
        return redirect("admin:auth_user_change", pk)

    def _to_look_after(self, request: HttpRequest, pk: int) -> User:
        person = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        return person

    def _ask(self, request: HttpRequest, person: User, template: str, words: dict[str, str]) -> HttpResponse:
        context = {"person": person, "name": self.name_of(person), "opts": self.opts, "plural": self.plural}
        context |= self.admin_site.each_context(request) | words
        return TemplateResponse(request, f"admin/auth/user/{template}", context)
