"""Strict reading of environment variables: a value that cannot be understood stops the start, it is never guessed."""

import environ
from django.core.exceptions import ImproperlyConfigured

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
