"""Rate limits for passwords and codes, against guessing, and without locking out the account's owner.

After OWASP's "Slow down online guessing attacks with device cookies": a device of an earlier full sign-in is known,
and counted separately, so that a stranger's attempts elsewhere never lock the owner out.
"""

import secrets
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core import signing
from django.http import HttpRequest, HttpResponse

from calcsite.security import limits

DEVICE_AGE = timedelta(days=365)
DEVICE_SALT = "calcsite.signin.device"
PEOPLE_PER_DEVICE = 10


@dataclass(frozen=True)
class Rule:
    """At most `limit` wrong tries within `per`."""

    scope: str
    limit: int
    per: timedelta
    wait: str


NAME_FROM_ADDRESS = Rule("password by name and address", 5, timedelta(minutes=5), "five minutes")
ADDRESS = Rule("password by address", 50, timedelta(minutes=5), "five minutes")
NAME = Rule("password by name", 50, timedelta(hours=1), "an hour")
DEVICE = Rule("password by known device", 10, timedelta(minutes=5), "five minutes")
CODE = Rule("code by person", 5, timedelta(minutes=5), "five minutes")
CODE_DEVICE = Rule("code by known device", 10, timedelta(minutes=5), "five minutes")


class Attempt:
    """One attempt at a password or a code: counted before the check, and uncounted on success."""

    def __init__(self, *counted: tuple[Rule, str]) -> None:
        self.counted = counted

    def refusal(self) -> str:
        """Count the attempt. Returns the message if there were too many, or ""."""
        for rule, key in self.counted:
            if not limits.allow(scope=rule.scope, key=key, limit=rule.limit, per=rule.per):
                return f"Too many wrong tries. Wait {rule.wait}, then try again."
        return ""

    def give_back(self) -> None:
        for rule, key in self.counted:
            limits.give_back(scope=rule.scope, key=key)


def password_tries(request: HttpRequest, name: str) -> Attempt:
    """An attempt at the password of `name`, which need not exist: the answer must not reveal that."""
    person, device = _as_counted(name), known_device(request, name)
    if device:
        return Attempt((DEVICE, f"{person} {device}"))
    address = limits.client_address(request)
    return Attempt((NAME_FROM_ADDRESS, f"{person} {address}"), (ADDRESS, address), (NAME, person))


def code_tries(request: HttpRequest, user: AbstractUser) -> Attempt:
    """An attempt at the second factor of `user`, after the right password."""
    device = known_device(request, user.get_username())
    return Attempt((CODE_DEVICE, f"{user.pk} {device}") if device else (CODE, str(user.pk)))


def is_first_use(user: AbstractUser, code: str) -> bool:
    """Whether a valid code is used for the first time. It is valid for 90 seconds (RFC 6238, 5.2: one use only)."""
    digits = "".join(filter(str.isdigit, code))
    return limits.allow(scope="code used", key=f"{user.pk} {digits}", limit=1, per=timedelta(minutes=2))


def known_device(request: HttpRequest, name: str) -> str:
    """The number of the request's device if `name` has fully signed in on it, or ""."""
    return dict(_people_of(request)).get(_in_cookie(name), "")


def remember_device(request: HttpRequest, response: HttpResponse, user: AbstractUser) -> None:
    """Set the cookie that marks the device as one on which `user` has signed in with a second factor."""
    person = _in_cookie(user.get_username())
    others = [entry for entry in _people_of(request) if entry[0] != person]
    number = known_device(request, user.get_username()) or secrets.token_urlsafe(16)
    people = [(person, number), *others][:PEOPLE_PER_DEVICE]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(people, salt=DEVICE_SALT),
        max_age=DEVICE_AGE,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _people_of(request: HttpRequest) -> Iterator[tuple[str, str]]:
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        yield from map(tuple, signing.loads(cookie, salt=DEVICE_SALT, max_age=DEVICE_AGE))
    except signing.BadSignature:
        return


def _as_counted(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _in_cookie(name: str) -> str:
    """A hash, so that the cookie reveals no name."""
    return limits.hashed("device", _as_counted(name))[:32]
