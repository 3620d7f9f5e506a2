"""Second factors: whether a user has one, whether a session has proven it, and removal after a loss."""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest
from django.template.loader import render_to_string

from calcsite.models import ClinicDetails
from calcsite.signin import sessions

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def is_set_up(user: AbstractUser) -> bool:
    """Whether `user` has an app or a passkey. Recovery codes do not count."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_proven(request: HttpRequest) -> bool:
    """Whether a second factor was proven in this session and still exists.

    Cached on the request, because admin pages ask more than once.
    """
    if not hasattr(request, "second_factor_proven"):
        records = get_authentication_records(request, request.user)
        proven = any(record["method"] == "mfa" for record in records)
        request.second_factor_proven = proven and is_set_up(request.user)
    return request.second_factor_proven


def note_new(request: HttpRequest) -> None:
    """Record a new second factor as proven in this session, and give the session a new key, since its rights grow."""
    newest = Authenticator.objects.filter(user_id=request.user.pk, type__in=FACTORS).latest("created_at", "pk")
    record_authentication(request, request.user, "mfa", id=newest.pk, type=newest.type)
    request.session.cycle_key()


def remove(*, user: AbstractUser, by: AbstractUser | None = None) -> None:
    """Remove a lost second factor: the user's sessions end, and they set up another.

    Logged as done by `by`, or by the account's owner if done by the management command. The owner gets an e-mail.
    """
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        sessions.end_all(user)
        message = "Second factor removed." if by else "Second factor removed on the server."
        LogEntry.objects.log_actions((by or user).pk, [user], CHANGE, message, single_object=True)
        if user.email:
            context = {"user": user, "clinic": ClinicDetails.current(), "site_url": settings.SITE_URL}
            text = render_to_string("mfa/email/second_factor_removed_message.txt", context)
            send_mail("Your second factor was removed", text, None, [user.email])
