from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

# The first migration of care before version 0.1.0, whose migrations were written afresh.
BEFORE_FIRST_RELEASE = ("appointments", "0001_booking")


class Command(migrate.Command):
    """Django's `migrate`, which refuses a database made before the first release."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        recorder = MigrationRecorder(connections[options["database"]])
        if BEFORE_FIRST_RELEASE in recorder.applied_migrations():
            raise CommandError(
                "This database was made before version 0.1.0, the first release, and cannot be migrated. "
                "Nothing was released before it, so start afresh: with SQLite, move the file in var/ away; with "
                "PostgreSQL, use a new, empty database. Then run migrate again."
            )
        return super().handle(*args, **options)
