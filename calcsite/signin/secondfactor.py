"""Whether somebody has a second factor, whether a session has proven it, and taking it away when it is lost."""

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
    """Whether `user` has an app or a passkey. Recovery codes alone are none: they stand in for one."""
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_proven(request: HttpRequest) -> bool:
    """Whether the person has proven a second factor in this session, and still has one.

    Asked once a request: every page of the admin asks it more than once.
    """
    if not hasattr(request, "second_factor_proven"):
        records = get_authentication_records(request, request.user)
        proven = any(record["method"] == "mfa" for record in records)
        request.second_factor_proven = proven and is_set_up(request.user)
    return request.second_factor_proven


def note_new(request: HttpRequest) -> None:
    """Setting up a second factor proves it. The session gets a new key, since it may do more from now on."""
    newest = Authenticator.objects.filter(user_id=request.user.pk, type__in=FACTORS).latest("created_at", "pk")
    record_authentication(request, request.user, "mfa", id=newest.pk, type=newest.type)
    request.session.cycle_key()


def remove(*, user: AbstractUser, by: AbstractUser | None = None) -> None:
    """Take away the second factor of somebody who lost it: their sessions end, and they set up another.

    It is logged as done by `by`, or by the owner of the account where it was done on the server itself. The owner is
    told by e-mail.
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
