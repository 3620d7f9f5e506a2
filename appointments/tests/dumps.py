"""Dumps of a database or a folder as one text, to search for data that should or should not be there."""

import re
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import connection

from appointments.tests.everything import CANARY


def everything_in_the_database(*, without: frozenset[str] | set[str] = frozenset()) -> str:
    """Every row of every table, including tables without a model."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in without]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [f"{table} {row}" for row in cursor.fetchall()]
    if Session._meta.db_table not in without:  # there it cannot be read as it is
        rows += [str(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join(rows)


def everything_in(folder: Path) -> str:
    """The content and the name of every file below a folder."""
    return "\n".join(f"{path} {path.read_bytes()}" for path in folder.rglob("*") if path.is_file())


def canaries_in(text: str) -> set[str]:
    return set(re.findall(rf"{CANARY}\w+", text))
