"""Databases beside the one of DATABASE_URL, so that measurements with many and with few rows can alternate."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

COMMANDS = [["migrate", "--verbosity=0"], ["createcachetable"], ["load_starter"], ["load_guidance"]]


@dataclass(frozen=True)
class Database:
    """A database with only the starting content. Django knows it by `alias`, a server by `environment`."""

    alias: str

    @property
    def environment(self) -> dict[str, str]:
        place = os.environ["DATABASE_URL"].rpartition("/")[0]
        return {"DATABASE_URL": f"{place}/{Path(connections[self.alias].settings_dict['NAME']).name}"}

    def manage(self, *command: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def execute(self, *statements: str) -> None:
        with connections[self.alias].cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """Use it as the default database within the block."""
        before, connections["default"] = connections["default"], connections[self.alias]
        try:
            yield
        finally:
            connections["default"] = before

    def hurry(self) -> None:
        """Do not wait for the disk until `settle`: data lost in a crash can be generated again."""
        is_sqlite = connections[self.alias].vendor == "sqlite"
        self.execute("PRAGMA synchronous = OFF" if is_sqlite else "SET synchronous_commit = off")
        self.execute("PRAGMA cache_size = -400000" if is_sqlite else "SET maintenance_work_mem = '256MB'")

    def settle(self) -> None:
        """Collect statistics, as a server does some time after so many changes, and wait for the disk again."""
        is_sqlite = connections[self.alias].vendor == "sqlite"
        self.execute(
            *(["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"] if is_sqlite else ["VACUUM ANALYZE", "CHECKPOINT"])
        )
        connections[self.alias].close()


@contextlib.contextmanager
def another(name: str) -> Iterator[Database]:
    """A new database, dropped at the end of the block."""
    database = Database(f"benchmark_{name}")
    create(database.alias)
    try:
        for command in COMMANDS:
            database.manage(*command)
        yield database
    finally:
        connections[database.alias].close()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {database.alias} WITH (FORCE)")


def create(alias: str) -> None:
    name = alias
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {alias}")
    else:
        name = str(Path(connection.settings_dict["NAME"]).with_name(f"{alias}.sqlite3"))
    connections.databases[alias] = connections.databases["default"] | {"NAME": name}
