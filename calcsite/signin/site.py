"""The admin site: access, and redirects to the missing step of signing in."""

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
        """Active staff who have proven a second factor in this session, within its limits (ASVS 5.0, 6.3.3).

        Used by the pages for staff outside the admin, too.
        """
        is_staff = request.user.is_active and request.user.is_staff
        return is_staff and not sessions.limit_reached(request.session) and secondfactor.is_proven(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """Redirect to the missing step of signing in. The requested page is remembered through all steps."""
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
        """Django's list, with the names that the admin classes give to renamed models."""
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
