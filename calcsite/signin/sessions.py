"""The end of staff sessions: after inactivity, after a day's work, or at once."""

import time

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session

STARTED, SEEN = "staff_started", "staff_seen"
WRITE_INTERVAL_SECONDS = 60  # seconds, so that not every request writes the session's row


def limit_reached(session: SessionBase, at: float | None = None) -> str:
    """The limit of the settings that the session exceeds: "idle", "hours", or "" for none (ASVS 5.0, 7.3.1 and
    7.3.2).
    """
    now = at or time.time()
    if now - session.get(STARTED, now) >= settings.SESSION_HOURS * 60 * 60:
        return "hours"
    if now - session.get(SEEN, now) >= settings.SESSION_IDLE_MINUTES * 60:
        return "idle"
    return ""


def keep_time(session: SessionBase, at: float | None = None) -> None:
    """Record that the session is in use, to the minute."""
    now = at or time.time()
    session.setdefault(STARTED, now)
    if now - session.get(SEEN, 0) >= WRITE_INTERVAL_SECONDS:
        session[SEEN] = now


def end_all(user: AbstractUser) -> None:
    """End every session of `user`. Each has to be decoded to find its user; staff sessions are few."""
    ended = [row.pk for row in Session.objects.iterator() if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    Session.objects.filter(pk__in=ended).delete()
