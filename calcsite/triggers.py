"""Database triggers: the rules that must hold whatever way a row is changed.

An app names its triggers in its AppConfig (`triggers`) and connects `install_triggers` to `post_migrate`. They are put
in place after every `migrate`, not in a migration: SQLite rebuilds a table to alter it, and a rebuilt table has lost
its triggers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Trigger:
    """One rule on one table: what to do when a row is inserted, updated or deleted.

    `condition` is SQL over OLD and NEW that both databases understand. `action` is one SQL statement. With `refusal`
    instead of an action, the change is refused with that sentence.
    """

    name: str
    table: str
    events: tuple[str, ...]
    when: str = "AFTER"
    condition: str = ""
    action: str = ""
    refusal: str = ""

    def statements(self, vendor: str) -> Iterator[str]:
        """The SQL that puts the trigger in place, replacing an older form of it."""
        return self._sqlite() if vendor == "sqlite" else self._postgresql()

    def _sqlite(self) -> Iterator[str]:
        action = f"SELECT RAISE(ABORT, '{self.refusal}')" if self.refusal else self.action
        condition = f"WHEN {self.condition}" if self.condition else ""
        for event in self.events:
            name = f"{self.name}_{event.lower()}"
            yield f"DROP TRIGGER IF EXISTS {name}"
            yield (
                f"CREATE TRIGGER {name} {self.when} {event} ON {self.table} FOR EACH ROW {condition} "
                f"BEGIN {action}; END"
            )

    def _postgresql(self) -> Iterator[str]:
        body = f"RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'integrity_constraint_violation'"
        if not self.refusal:
            body = self.action
        condition = f"WHEN ({self.condition})" if self.condition else ""
        scope = "ROW" if self.condition or self.refusal else "STATEMENT"
        yield (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body}; RETURN NULL; END $$"
        )
        for event in self.events:
            name = f"{self.name}_{event.lower()}"
            yield f"DROP TRIGGER IF EXISTS {name} ON {self.table}"
            yield (
                f"CREATE TRIGGER {name} {self.when} {event} ON {self.table} "
                f"FOR EACH {scope} {condition} EXECUTE FUNCTION {self.name}()"
            )


def raises_public_version(table: str) -> Trigger:
    """Any change to `table` is a change to what the public sees."""
    return Trigger(
        name=f"{table}_is_public",
        table=table,
        events=("INSERT", "UPDATE", "DELETE"),
        action=(
            "INSERT INTO calcsite_publicversion (id, number) VALUES (1, 1) "
            "ON CONFLICT (id) DO UPDATE SET number = calcsite_publicversion.number + 1"
        ),
    )


def install_triggers(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Put in place the triggers of one app (a `post_migrate` receiver)."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    _run(connection, [trigger for trigger in sender.triggers if trigger.table in tables])


def _run(connection: BaseDatabaseWrapper, triggers: list[Trigger]) -> None:
    with connection.cursor() as cursor:
        for trigger in triggers:
            for statement in trigger.statements(connection.vendor):
                cursor.execute(statement)
