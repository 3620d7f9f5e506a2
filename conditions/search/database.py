"""Which database's search there is."""

from types import ModuleType

from django.db import connection

from conditions.search import postgresql, sqlite


def search_of_database() -> ModuleType:
    """The module that writes the SQL for the database in use: `sqlite` or `postgresql`, with the same functions."""
    return sqlite if connection.vendor == "sqlite" else postgresql
