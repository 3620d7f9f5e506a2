"""django-allauth's forms for signing in, with our labels and with limits on codes."""

from typing import Any

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError

from calcsite.signin import throttling

ADVICE = "At least 12 characters. Three or four words that have nothing to do with each other are good."
PLAIN = {"autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


class LabelsMixin:
    """Form mixin: labels and help texts by the name of the field; no placeholders."""

    words: dict[str, tuple[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label, field.help_text = self.words.get(name, (field.label, ""))
            field.error_messages["required"] = f"Fill in: {str(field.label).lower()}."


class SignInForm(LabelsMixin, account.LoginForm):
    words = {"login": ("User name", ""), "password": ("Password", "")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs.update(PLAIN)


class PasswordAgainForm(LabelsMixin, account.ReauthenticateForm):
    words = {"password": ("Password", "")}


class ForgottenPasswordForm(LabelsMixin, account.ResetPasswordForm):
    words = {"email": ("E-mail address", "The one that your account has.")}


class NewPasswordForm(LabelsMixin, account.ResetPasswordKeyForm):
    words = {"password1": ("New password", ADVICE), "password2": ("New password, once more", "")}


class FirstPasswordForm(LabelsMixin, account.SetPasswordForm):
    """For staff who have only passkeys."""

    words = NewPasswordForm.words


class ChangePasswordForm(LabelsMixin, account.ChangePasswordForm):
    words = NewPasswordForm.words | {"oldpassword": ("Password now", "")}


class LimitedCode(LabelsMixin):
    """Form mixin: codes are limited by `throttling`, and accepted once."""

    words = {"code": ("Code", "Six figures from your app, or one of your recovery codes.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(PLAIN | {"inputmode": "numeric"})

    def clean_code(self) -> str:
        tries = throttling.code_tries(context.request, self.user)
        refusal = tries.refusal()
        if refusal:
            raise ValidationError(refusal, code="too_many")
        code = super().clean_code()
        is_from_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_from_app and not throttling.is_first_use(self.user, code):
            raise get_adapter().validation_error("incorrect_code")
        tries.give_back()
        return code


class CodeForm(LimitedCode, codes.AuthenticateForm):
    pass


class CodeAgainForm(LimitedCode, codes.ReauthenticateForm):
    pass


class FirstCodeForm(LabelsMixin, ActivateTOTPForm):
    words = {"code": ("Code from the app", "Six figures; a new one every 30 seconds.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(PLAIN | {"inputmode": "numeric"})

    def clean_code(self) -> str:
        code = super().clean_code()
        throttling.is_first_use(self.user, code)  # mark it as used, so that it cannot sign in as well
        return code


class PasskeyForm(LabelsMixin, AddWebAuthnForm):
    words = {
        "name": ("Name for this passkey", "So that you can tell it from others: “My laptop”."),
        "passwordless": (
            "Sign in with this passkey alone",
            "Without a password. Your device asks for your fingerprint, face or PIN.",
        ),
        "credential": ("Passkey", ""),
    }
    passwordless = forms.BooleanField(required=False, initial=True)
