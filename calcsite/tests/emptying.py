"""Emptying the database after a test whose transactions were committed.

Django's `flush` empties every table and sends `post_migrate`, which makes content types, permissions, triggers and
search indexes again: that takes longer than most tests. Here only the tables that the test has filled are emptied, and
the rows that `migrate` had left are put back if the test has changed them.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from calcsite.database.triggers import Trigger

Rows = list[tuple]


def read_first_rows() -> dict[str, Rows]:
    """The rows of each table that is not empty, read when `migrate` has just run."""
    with connection.cursor() as cursor:
        return {table: read_rows(cursor, table) for table in find_filled_tables(cursor)}


def empty_database(first_rows: dict[str, Rows]) -> None:
    """Leave every table with its first rows. The triggers that refuse a deletion are taken off for its time."""
    with connection.cursor() as cursor:
        changed = [table for table in find_filled_tables(cursor) if table not in first_rows]
        changed += [table for table in first_rows if read_rows(cursor, table) != first_rows[table]]
        triggers = [trigger for trigger in own_triggers() if trigger.table in changed]
        run_statements(cursor, triggers, only_drops=True)
        with transaction.atomic():  # foreign keys are checked at its end, so in any order
            for table in changed:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
            for table in changed:
                insert_rows(cursor, table, first_rows.get(table, []))
        run_statements(cursor, triggers, only_drops=False)


def find_filled_tables(cursor: CursorWrapper) -> list[str]:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    query = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM {1})"
    cursor.execute(" UNION ALL ".join(query.format(table, connection.ops.quote_name(table)) for table in tables))
    return [table for (table,) in cursor.fetchall()]


def read_rows(cursor: CursorWrapper, table: str) -> Rows:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)} ORDER BY 1")
    return cursor.fetchall()


def insert_rows(cursor: CursorWrapper, table: str, rows: Rows) -> None:
    if rows:
        values = ", ".join(["%s"] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {connection.ops.quote_name(table)} VALUES ({values})", rows)


def own_triggers() -> Iterator[Trigger]:
    for app in apps.get_app_configs():
        yield from getattr(app, "triggers", ())


def run_statements(cursor: CursorWrapper, triggers: list[Trigger], *, only_drops: bool) -> None:
    for trigger in triggers:
        for statement in trigger.statements(connection.vendor):
            if statement.startswith("DROP") or not only_drops:
                cursor.execute(statement)
