"""Staff for tests: accounts in groups, and sessions after a full sign-in."""

import itertools
import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import Group, User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client

from calcsite.signin import sessions

PASSWORD = "four quiet brown kettles"
_count = itertools.count(1)


def make_person(*groups: str, **fields: Any) -> User:
    """A member of staff in the groups with these names."""
    defaults = {"username": f"person{next(_count)}", "is_staff": True, "password": PASSWORD}
    person = User.objects.create_user(**defaults | fields)
    person.groups.set(Group.objects.filter(name__in=groups))
    assert person.groups.count() == len(groups), "a group by that name does not exist"
    return person


def give_app(user: User) -> str:
    """Set up an app as the second factor of `user`. Returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, step: int = 0) -> str:
    """The code that an app with this secret shows now, or `step` steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def make_session(user: User) -> str:
    """The key of a session in which `user` has given the password and proven a second factor."""
    if not Authenticator.objects.filter(user=user).exists():
        give_app(user)
    request = HttpRequest()
    request.session = SessionStore()
    login(request, user)
    record_authentication(request, user, "password")
    record_authentication(request, user, "mfa", type="totp")
    sessions.keep_time(request.session)
    request.session.save()
    return request.session.session_key


def sign_in(client: Client, user: User) -> None:
    """Sign `user` in on `client`, with a proven second factor."""
    client.cookies[settings.SESSION_COOKIE_NAME] = make_session(user)


def client_of(user: User) -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    sign_in(client, user)
    return client


def client_with_roles(*groups: str, **fields: Any) -> Client:
    """A browser in which a new member of staff in these groups is signed in."""
    return client_of(make_person(*groups, **fields))
