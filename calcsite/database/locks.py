"""How long a transaction waits for a lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def lock_timeout(seconds: int) -> Iterator[None]:
    """A transaction that waits at most `seconds` for each lock. Raises OperationalError after that.

    The connection's own timeout applies again afterwards: on PostgreSQL the setting ends with the transaction, so it
    never reaches another client of a pooler's session.
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
    """Set SQLite's timeout, unless it is None. Returns the timeout that applies now."""
    new = "" if milliseconds is None else f" = {milliseconds}"
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA busy_timeout{new}").fetchone()[0]
