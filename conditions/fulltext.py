"""The full-text index of each database, over the tables in `models.searching`.

SQLite: two FTS5 tables that read their text from the model's tables, kept in step by triggers. PostgreSQL: generated
tsvector columns under one GIN index a table. Either way the database itself updates the index with each change of a
row, in the transaction of the change.

The index is put in place after every `migrate`, not in a migration: SQLite rebuilds a table to alter it, and a rebuilt
table has lost its triggers.
"""

# ruff: noqa: S608 - the SQL is made of constants of this project; values are parameters

from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.backends.utils import CursorWrapper


@dataclass(frozen=True)
class FullText:
    """The index over one table: columns and options for FTS5, and vectors (name to SQL) for PostgreSQL."""

    table: str
    fts: str
    columns: tuple[str, ...]
    options: str
    vectors: dict[str, str]


def _english(expression: str) -> str:
    return f"to_tsvector('english', {expression})"


NAMES = _english("name || ' ' || aliases")
QUESTION = _english("question")
SUMMARY = _english("summary")
REST = _english("context || ' ' || body")

DOCUMENTS = FullText(
    table="conditions_searchdocument",
    fts="conditions_search",
    columns=("name", "aliases", "question", "summary", "context", "body"),
    options="tokenize = 'porter unicode61 remove_diacritics 2'",
    vectors={
        "names_vector": NAMES,
        "question_vector": QUESTION,
        "summary_vector": SUMMARY,
        "whole_vector": (
            f"setweight({NAMES}, 'A') || setweight({QUESTION}, 'B') || setweight({SUMMARY}, 'C') || {REST}"
        ),
    },
)
NAMES_BEGUN = FullText(
    table="conditions_searchname",
    fts="conditions_searchbegun",
    columns=("name", "question"),
    options="tokenize = 'unicode61', prefix = '1 2 3'",
    vectors={
        "name_vector": "to_tsvector('simple', name)",
        "question_vector": "to_tsvector('simple', question)",
    },
)
INDEXES = (DOCUMENTS, NAMES_BEGUN)


def install_indexes(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Put the index in place, or in its present form, and fill it (a `post_migrate` receiver)."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    install = _install_sqlite if connection.vendor == "sqlite" else _install_postgresql
    with connection.cursor() as cursor:
        for index in INDEXES:
            if index.table in tables:
                install(cursor, index)


def _install_sqlite(cursor: CursorWrapper, index: FullText) -> None:
    columns = ", ".join(index.columns)
    old, new = (", ".join(f"{row}.{column}" for column in index.columns) for row in ("old", "new"))
    add = f"INSERT INTO {index.fts} (rowid, {columns}) VALUES (new.id, {new});"
    drop = f"INSERT INTO {index.fts} ({index.fts}, rowid, {columns}) VALUES ('delete', old.id, {old});"
    wanted = {
        index.fts: (
            f"CREATE VIRTUAL TABLE {index.fts} USING fts5("
            f"{columns}, content = '{index.table}', content_rowid = 'id', {index.options})"
        )
    }
    for event, action in {"insert": add, "delete": drop, "update": drop + add}.items():
        name = f"{index.fts}_{event}"
        wanted[name] = f"CREATE TRIGGER {name} AFTER {event} ON {index.table} BEGIN {action} END"
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE substr(name, 1, %s) = %s", [len(index.fts), index.fts])
    present = dict(cursor.fetchall())
    if all(present.get(name) == sql for name, sql in wanted.items()):
        return
    for name, sql in wanted.items():
        cursor.execute(f"DROP {'TABLE' if name == index.fts else 'TRIGGER'} IF EXISTS {name}")
        cursor.execute(sql)
    cursor.execute(f"INSERT INTO {index.fts} ({index.fts}) VALUES ('rebuild')")


def _install_postgresql(cursor: CursorWrapper, index: FullText) -> None:
    """The comment of a column has the SQL that it was made from: a column made from other SQL is made again."""
    cursor.execute(
        "SELECT attname, col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
        [index.table],
    )
    present = dict(cursor.fetchall())
    if all(present.get(name) == sql for name, sql in index.vectors.items()):
        return
    for name, sql in index.vectors.items():
        cursor.execute(f"ALTER TABLE {index.table} DROP COLUMN IF EXISTS {name}")
        cursor.execute(f"ALTER TABLE {index.table} ADD COLUMN {name} tsvector GENERATED ALWAYS AS ({sql}) STORED")
        # Read a thousand times for one search: worth more room, for no unpacking.
        cursor.execute(f"ALTER TABLE {index.table} ALTER COLUMN {name} SET STORAGE EXTERNAL")
        comment = sql.replace("'", "''")
        cursor.execute(f"COMMENT ON COLUMN {index.table}.{name} IS '{comment}'")
    cursor.execute(f"DROP INDEX IF EXISTS {index.fts}")
    vectors = ", ".join(index.vectors)
    cursor.execute(f"CREATE INDEX {index.fts} ON {index.table} USING gin ({vectors}) WITH (fastupdate = off)")
