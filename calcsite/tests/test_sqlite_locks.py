"""SQLite's write lock under Django's own backend: a transaction takes it when it begins, and waits up to `timeout`."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

TIMEOUT_SECONDS = 0.2
pytestmark = pytest.mark.django_db  # or no connection may be made at all


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[ConnectionHandler]:
    """A SQLite database with one table, in every run of the suite. Each thread has its own connection."""
    handler = ConnectionHandler({"default": database(tmp_path, timeout=TIMEOUT_SECONDS)})
    write(handler, "CREATE TABLE note (word TEXT)")
    yield handler
    handler.close_all()


def database(folder: Path, *, timeout: float) -> dict:
    options = {"transaction_mode": "IMMEDIATE", "timeout": timeout}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "own.sqlite3"), "OPTIONS": options}


def begin(databases: ConnectionHandler) -> None:
    databases["default"].set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(databases: ConnectionHandler, how: str) -> None:
    connection = databases["default"]
    getattr(connection, how)()
    if how != "close":
        connection.set_autocommit(True)


def write(databases: ConnectionHandler, statement: str = "INSERT INTO note VALUES ('x')") -> None:
    begin(databases)
    with databases["default"].cursor() as cursor:
        cursor.execute(statement)
    end(databases, "commit")


def count(databases: ConnectionHandler) -> int:
    with databases["default"].cursor() as cursor:
        return cursor.execute("SELECT COUNT(*) FROM note").fetchone()[0]


def error_in_thread(work: Callable[[], None]) -> OperationalError | None:
    """Run `work` in another thread, with its own connection. Returns the error that it raised."""
    errors: list[OperationalError] = []

    def run() -> None:
        try:
            work()
        except OperationalError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    return next(iter(errors), None)


@pytest.mark.parametrize("how", ["commit", "rollback", "close"])
def test_a_write_is_refused_during_another_transaction_and_not_after(databases, how):
    begin(databases)
    assert str(error_in_thread(lambda: write(databases))) == "database is locked"
    end(databases, how)
    assert error_in_thread(lambda: write(databases)) is None


def test_a_transaction_that_cannot_begin_leaves_no_lock(databases, tmp_path):
    """Another handler stands for another process that has the lock."""
    other = ConnectionHandler({"default": database(tmp_path, timeout=TIMEOUT_SECONDS)})
    begin(other)
    assert "locked" in str(error_in_thread(lambda: write(databases)))
    end(other, "rollback")
    assert error_in_thread(lambda: write(databases)) is None
    other.close_all()


def test_a_write_waits_for_another_transaction_to_end(databases, tmp_path):
    waiting = ConnectionHandler({"default": database(tmp_path, timeout=10)})

    def write_once() -> None:
        write(waiting)
        waiting["default"].close()

    begin(databases)
    writer = threading.Thread(target=write_once)
    writer.start()
    writer.join(timeout=3 * TIMEOUT_SECONDS)
    assert writer.is_alive()
    end(databases, "commit")
    writer.join(timeout=10)
    assert (writer.is_alive(), count(databases)) == (False, 1)


def test_all_rows_of_two_concurrent_writers_are_stored(databases, tmp_path):
    waiting = ConnectionHandler({"default": database(tmp_path, timeout=10)})

    def write_many() -> None:
        for _ in range(50):
            write(waiting)
        waiting["default"].close()

    threads = [threading.Thread(target=write_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert count(databases) == 100
