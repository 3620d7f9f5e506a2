"""Database triggers for rules that must hold for every way of writing a row.

An app lists its triggers in its AppConfig (`triggers`) and connects `install_triggers` to `post_migrate`. They are
installed after every `migrate`, not in a migration, because SQLite rebuilds a table to alter it, and drops its
triggers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections

INSERT, UPDATE, DELETE = "INSERT", "UPDATE", "DELETE"
RANDOM = {"sqlite": "random()", "postgresql": "(random() * 9007199254740991)::bigint"}


@dataclass(frozen=True)
class Trigger:
    """A rule on one table, checked when a row is inserted, updated or deleted.

    `condition` is SQL for both databases; `{row}` in it stands for the row before or after the change, whichever
    exists, and for either of them in an update. `action` is one SQL statement, executed after the change; `{random}`
    in it stands for a random whole number. With `refusal` instead, the change fails with that sentence. On PostgreSQL,
    a rule for DELETE applies to TRUNCATE too.
    """

    name: str
    table: str
    events: tuple[str, ...]
    condition: str = ""
    action: str = ""
    refusal: str = ""
    only_on: str = ""  # a vendor, for a rule that the other database keeps by itself

    def statements(self, vendor: str) -> Iterator[str]:
        """The SQL that installs the trigger, and replaces an earlier version of it."""
        if self.only_on in {"", vendor}:
            yield from self._sqlite() if vendor == "sqlite" else self._postgresql()

    def _condition_for(self, event: str) -> str:
        rows = {INSERT: ["NEW"], UPDATE: ["OLD", "NEW"], DELETE: ["OLD"]}[event]
        return " OR ".join(dict.fromkeys(f"({self.condition.format(row=row)})" for row in rows))

    def _sqlite(self) -> Iterator[str]:
        action = f"SELECT RAISE(ABORT, '{self.refusal}')" if self.refusal else self.action
        when = "BEFORE" if self.refusal else "AFTER"
        for event in self.events:
            name = f"{self.name}_{event.lower()}"
            condition = f"WHEN {self._condition_for(event)}" if self.condition else ""
            yield f"DROP TRIGGER IF EXISTS {name}"
            yield (
                f"CREATE TRIGGER {name} {when} {event} ON {self.table} FOR EACH ROW {condition} "
                f"BEGIN {action.format(random=RANDOM['sqlite'])}; END"
            )

    def _postgresql(self) -> Iterator[str]:
        body = f"RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'integrity_constraint_violation'"
        if not self.refusal:
            body = self.action.format(random=RANDOM["postgresql"])
        when = "BEFORE" if self.refusal else "AFTER"
        yield (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body}; RETURN NULL; END $$"
        )
        for event in (*self.events, *(["TRUNCATE"] if DELETE in self.events else [])):
            name = f"{self.name}_{event.lower()}"
            scope = "FOR EACH STATEMENT"
            if event != "TRUNCATE" and (self.condition or self.refusal):
                scope = "FOR EACH ROW" + (f" WHEN ({self._condition_for(event)})" if self.condition else "")
            yield f"DROP TRIGGER IF EXISTS {name} ON {self.table}"
            yield f"CREATE TRIGGER {name} {when} {event} ON {self.table} {scope} EXECUTE FUNCTION {self.name}()"


def changes_public_version(table: str, *, condition: str = "") -> Trigger:
    """A trigger that sets a new public version when a row of `table` that meets `condition` changes.

    The new version is a random number and not the next one, so that a database restored from a backup never reuses the
    number of a cached page.
    """
    return Trigger(
        name=f"{table}_is_public",
        table=table,
        events=(INSERT, UPDATE, DELETE),
        condition=condition,
        action=(
            "INSERT INTO calcsite_publicversion (id, number) VALUES (1, {random}) "
            "ON CONFLICT (id) DO UPDATE SET number = excluded.number"
        ),
    )


def install_triggers(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Install the triggers of one app (a `post_migrate` receiver)."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for trigger in sender.triggers:
            if trigger.table in tables:
                for statement in trigger.statements(connection.vendor):
                    cursor.execute(statement)
