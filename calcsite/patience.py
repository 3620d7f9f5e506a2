"""How long to wait for what somebody else is writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def waiting_at_most(seconds: int) -> Iterator[None]:
    """A transaction that waits no longer for a lock. Raises OperationalError when it does not get one.

    For what must be answered soon, whether or not it could be written. The wait that is set for the connection is the
    same again afterwards.
    """
    if connection.vendor == "sqlite":
        before = _busy_timeout()
        _busy_timeout(seconds * 1000)
        try:
            with transaction.atomic():
                yield
        finally:
            _busy_timeout(before)
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds}s"])
        yield


def _busy_timeout(milliseconds: int | None = None) -> int:
    """Set how long SQLite waits, unless None is asked for. Returns how long it waits now."""
    new = "" if milliseconds is None else f" = {milliseconds}"
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA busy_timeout{new}").fetchone()[0]
