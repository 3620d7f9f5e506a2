"""Invitations to staff accounts that have no password yet."""

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.db import transaction


def is_invited(user: AbstractUser) -> bool:
    """Whether `user` is active and has not set a password yet."""
    return user.is_active and not user.has_usable_password()


def invite(*, user: AbstractUser, by: AbstractUser) -> None:
    """Send `user` a link to set their password. Logged as done by `by`.

    The link is that of a password reset: it works once, for three days, and not after the address has changed.
    """
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    context = {"user": user, "by": by, "password_reset_url": get_adapter().get_reset_password_from_key_url(key)}
    with transaction.atomic():
        get_adapter().send_mail("account/email/invitation", user.email, context)
        LogEntry.objects.log_actions(by.pk, [user], CHANGE, f"Invitation sent to {user.email}.", single_object=True)
