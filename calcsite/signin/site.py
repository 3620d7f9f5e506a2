"""The admin: who may enter it, and where everybody else is sent."""

from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from allauth.account.views import logout as sign_out
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from calcsite.signin import secondfactor, sessions
from calcsite.signin.views import sign_in

AFTERWARDS = "staff_afterwards"


class StaffSite(AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        """An active member of staff who has proven a second factor in this session, which is not over its limits.

        ASVS 5.0, 6.3.3. Whatever outside the admin is for staff only asks this too.
        """
        is_staff = request.user.is_active and request.user.is_staff
        return is_staff and not sessions.limit_reached(request.session) and secondfactor.is_proven(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Send everybody to what they lack. Where they wanted to go is kept through all of it."""
        if not request.user.is_authenticated:
            return sign_in(request)
        wanted = get_next_redirect_url(request)
        if self.has_permission(request):
            return redirect(wanted or request.session.pop(AFTERWARDS, None) or "admin:index")
        if wanted:
            request.session[AFTERWARDS] = wanted
        if not request.user.is_staff:
            return redirect("staff_only")
        if not secondfactor.is_set_up(request.user):
            return redirect("mfa_index")
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': reverse('admin:login')})}")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """As ever, with the names that the admins give to what has another name in Django."""
        found = super().get_app_list(request, app_label)
        for app in found:
            for row in app["models"]:
                row["name"] = getattr(self.get_model_admin(row["model"]), "plural", row["name"])
            app["models"].sort(key=itemgetter("name"))
        return found

    def logout(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return sign_out(request)

    def password_change(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return redirect("account_change_password")
