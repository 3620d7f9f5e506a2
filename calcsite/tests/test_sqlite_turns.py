"""On SQLite the transactions of a process go in turn, and wait as long as the connection says."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

PATIENCE = 0.2  # seconds
pytestmark = pytest.mark.django_db  # or no connection may be made at all


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[ConnectionHandler]:
    """A database of its own, with a table, whatever the suite runs on. Each thread has its own connection."""
    options = {"transaction_mode": "IMMEDIATE", "timeout": PATIENCE}
    own = {"ENGINE": "calcsite.sqlite", "NAME": str(tmp_path / "own.sqlite3"), "OPTIONS": options}
    handler = ConnectionHandler({"default": own})
    write(handler, "CREATE TABLE note (word TEXT)")
    yield handler
    handler.close_all()


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


def elsewhere(work: Callable[[], None]) -> BaseException | None:
    """What another thread is told."""
    told: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except OperationalError as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    return next(iter(told), None)


@pytest.mark.parametrize("how", ["commit", "rollback", "close"])
def test_the_next_has_their_turn_when_a_transaction_ends_however_it_ends(databases, how):
    begin(databases)
    assert str(elsewhere(lambda: write(databases))) == "database is locked"
    end(databases, how)
    assert elsewhere(lambda: write(databases)) is None


def test_a_transaction_that_cannot_begin_takes_nobody_s_turn(databases, tmp_path):
    """Another process has the database."""
    other = ConnectionHandler({"default": databases.settings["default"] | {"ENGINE": "django.db.backends.sqlite3"}})
    begin(other)
    assert "locked" in str(elsewhere(lambda: write(databases)))
    end(other, "rollback")
    assert elsewhere(lambda: write(databases)) is None
    other.close_all()


def test_of_two_who_write_at_once_both_write_everything(databases):
    def write_much() -> None:
        databases["default"].ensure_connection()
        databases["default"].connection.execute("PRAGMA busy_timeout = 10000")
        for _ in range(50):
            write(databases)
        databases["default"].close()

    threads = [threading.Thread(target=write_much) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with databases["default"].cursor() as cursor:
        assert cursor.execute("SELECT COUNT(*) FROM note").fetchone()[0] == 100
