"""Strict reading of environment variables: an invalid value stops the start."""

from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

env = environ.Env()

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}


def flag(name: str, *, default: bool) -> bool:
    """A yes-or-no variable. Raises ImproperlyConfigured on any other word ("flase" must not mean off)."""
    value = env.str(name, default=str(default)).strip().lower()
    if value in YES:
        return True
    if value in NO:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")


def whole_number(name: str, *, default: int, least: int = 0) -> int:
    """A whole number of at least `least`. Raises ImproperlyConfigured otherwise."""
    value = env.str(name, default=str(default)).strip()
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number of at least {least}, not {value!r}")
    return int(value)


def names(name: str) -> list[str]:
    """A list separated by commas; blanks are dropped."""
    return [part.strip() for part in env.str(name, default="").split(",") if part.strip()]


def origin(name: str, *, default: str) -> str:
    """The scheme, host and port of a site, with no path ("https://clinic.example"). Raises ImproperlyConfigured."""
    value = env.str(name, default=default).strip().rstrip("/")
    scheme, _, rest = value.partition("://")
    if scheme not in {"http", "https"} or not rest or "/" in rest:
        raise ImproperlyConfigured(f"{name} must look like https://clinic.example, not {value!r}")
    return value


def mail(name: str, *, default: str) -> dict[str, Any]:
    """Django's EMAIL_* settings from a URL ("smtp+tls://user:password@mail.clinic.example:587").

    Raises ImproperlyConfigured for an invalid one.
    """
    try:
        found = env.email_url(name, default=default)
    except (ImproperlyConfigured, ValueError, KeyError):
        found = {}
    backend = found.get("EMAIL_BACKEND", "")
    if not backend or ("smtp" in backend and not found["EMAIL_HOST"]):
        raise ImproperlyConfigured(f"{name} must look like smtp+tls://user:password@mail.clinic.example:587")
    if "file" in backend:
        found["EMAIL_FILE_PATH"] = f"/{found['EMAIL_FILE_PATH'].lstrip('/')}"  # without its leading slash
    known = {"EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS", "EMAIL_USE_SSL"}
    known |= {"EMAIL_BACKEND", "EMAIL_FILE_PATH"}
    return {setting: value for setting, value in found.items() if setting in known and value is not None}


def sender(name: str, *, site: str) -> str:
    """The sender of e-mail ("Our clinic <hello@clinic.example>"); by default no-reply at the host of `site`.

    The default for a host that is an IP address is localhost. Raises ImproperlyConfigured for an invalid address.
    """
    host = urlsplit(site).hostname or ""
    is_number = ":" in host or host.replace(".", "").isdecimal()
    value = env.str(name, default=f"no-reply@{'localhost' if is_number else host}")
    try:
        validate_email(parseaddr(value)[1])
    except ValidationError as error:
        raise ImproperlyConfigured(f"{name} must be an e-mail address, not {value!r}") from error
    return value
