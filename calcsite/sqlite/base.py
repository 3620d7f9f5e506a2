"""Django's SQLite backend, whose transactions queue for their turn inside a process.

SQLite lets one write at a time, and those who wait look again after ever longer pauses: whoever comes last may be
first, and between two looks nobody writes. Here the threads of a process are woken when their turn has come.
"""

import threading
from collections import defaultdict

from django.db import OperationalError
from django.db.backends.sqlite3 import base

_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # by the file


class DatabaseWrapper(base.DatabaseWrapper):
    has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        """Raises OperationalError, as SQLite does, when the connection's time for waiting is over."""
        milliseconds = self.connection.execute("PRAGMA busy_timeout").fetchone()[0]
        self.has_turn = _turns[self.settings_dict["NAME"]].acquire(timeout=milliseconds / 1000)
        if not self.has_turn:
            raise OperationalError("database is locked")
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:
        super()._commit()
        self._end_turn()  # not when it fails: the transaction is still open, and is rolled back next

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self.has_turn:
            self.has_turn = False
            _turns[self.settings_dict["NAME"]].release()
