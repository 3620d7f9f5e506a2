"""django-allauth's views with additions for staff. Classes, because django-allauth's are."""

from collections.abc import Callable
from functools import wraps

from allauth.account.views import LoginView
from allauth.account.views import ReauthenticateView as PasswordAgainView
from allauth.mfa.base.views import AuthenticateView, ReauthenticateView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from calcsite.signin import secondfactor, throttling


class TooManyMixin:
    """Status 429 for a form that is refused by a rate limit."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response = super().form_invalid(form)
        if any(error.code == "too_many" for errors in form.errors.as_data().values() for error in errors):
            response.status_code = 429
        return response


class SignInView(TooManyMixin, LoginView):
    pass


class CodeView(TooManyMixin, AuthenticateView):
    pass


class CodeAgainView(TooManyMixin, ReauthenticateView):
    pass


class PasswordOnceMoreView(TooManyMixin, PasswordAgainView):
    pass


class SetUpMixin:
    """A second factor just set up counts as proven."""

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        secondfactor.note_new(self.request)
        throttling.remember_device(self.request, response, self.request.user)
        return response


class SetUpAppView(SetUpMixin, ActivateTOTPView):
    pass


class SetUpPasskeyView(SetUpMixin, AddWebAuthnView):
    pass


sign_in = SignInView.as_view()
code = CodeView.as_view()
code_again = CodeAgainView.as_view()
password_again = PasswordOnceMoreView.as_view()
set_up_app = SetUpAppView.as_view()
set_up_passkey = SetUpPasskeyView.as_view()


def proven_or_first(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator for pages about second factors: for staff who have proven one, or have none yet and set up the first.

    A session with the password alone can neither see nor change the second factor of the account.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        is_first = request.user.is_authenticated and not secondfactor.is_set_up(request.user)
        if is_first or secondfactor.is_proven(request):
            return view(request, *args, **kwargs)
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))

    return guarded


def staff_only(request: HttpRequest) -> HttpResponse:
    """The page for accounts that are not staff."""
    return render(request, "account/staff_only.html", status=403)


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "account/too_many_requests.html", status=429)
