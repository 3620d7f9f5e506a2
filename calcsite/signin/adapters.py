"""Adapters of django-allauth."""

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from calcsite.models import ClinicDetails
from calcsite.security import limits
from calcsite.signin import secondfactor, throttling


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name or the password is not right.",
        "incorrect_password": "The password is not right.",
        "enter_current_password": "The password that you have now is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether the URL is on the request's own host; other allowed hosts do not count."""
        request = context.request
        return url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())

    def get_client_ip(self, request: HttpRequest) -> str:
        return limits.client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractUser | None:
        """Authenticate within the limits of `throttling`."""
        tries = throttling.password_tries(request, credentials.get("username", ""))
        refusal = tries.refusal()
        if refusal:
            raise ValidationError(refusal, code="too_many")
        user = super().authenticate(request, **credentials)
        if user:
            tries.give_back()
        return user

    def post_login(self, request: HttpRequest, user: AbstractUser, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        if secondfactor.is_proven(request):
            throttling.remember_device(request, response, user)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not within minutes of signing in, so that a second factor can be set up."""
        records = get_authentication_records(self.request, self.request.user)
        return not records or time.time() - records[-1]["at"] > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: AbstractUser) -> list[dict[str, Any]]:
        """The second factor for users who have one: a password alone changes nothing."""
        methods = super().get_reauthentication_methods(user)
        if secondfactor.is_set_up(user):
            return [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from SITE_URL, so that the request's Host header has no influence."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        context = {"clinic": ClinicDetails.current(), "site_url": settings.SITE_URL} | context
        super().send_mail(template_prefix, email, context)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That was not accepted. Use the newest code, and each code once.",
    }

    def get_totp_issuer(self) -> str:
        return ClinicDetails.current().name

    def get_totp_label(self, user: AbstractUser) -> str:
        return user.get_username()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": ClinicDetails.current().name}

    def generate_authenticator_name(self, user: AbstractUser, type: str) -> str:
        return "My passkey"

    def encrypt(self, text: str) -> str:
        """Encrypt secrets in the database and its backups (ASVS 5.0, 6.5.2)."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text).decode()


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(b"calcsite.signin.secondfactor " + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
