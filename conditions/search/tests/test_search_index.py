"""The full-text index is put in place, and put right, after every migrate."""

import pytest
from django.apps import apps
from django.db import connection

from conditions import search
from conditions.fulltext import DOCUMENTS, NAMES_BEGUN, install_indexes
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db

LOST = {
    "sqlite": [
        "DROP TRIGGER conditions_search_insert",
        "DROP TRIGGER conditions_searchbegun_delete",
    ],
    "postgresql": [
        "ALTER TABLE conditions_searchdocument DROP COLUMN whole_vector",
        "COMMENT ON COLUMN conditions_searchname.name_vector IS 'made in an older way'",
    ],
}


def install() -> None:
    connection.check_constraints()  # PostgreSQL alters no table with checks put off
    install_indexes(sender=apps.get_app_config("conditions"), using=connection.alias)


def form_of_the_index() -> list[tuple]:
    """The entries of the index in the database's catalogue, with columns that differ in a new one."""
    sql = {
        "sqlite": f"SELECT name, rootpage, sql FROM sqlite_master WHERE name LIKE '{DOCUMENTS.fts}%' ORDER BY name",
        "postgresql": (
            "SELECT attname, attnum FROM pg_attribute WHERE attrelid IN "
            f"('{DOCUMENTS.table}'::regclass, '{NAMES_BEGUN.table}'::regclass) ORDER BY attrelid, attnum"
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_an_index_that_is_in_place_is_left_as_it_is():
    before = form_of_the_index()
    install()
    assert form_of_the_index() == before


def test_a_lost_part_of_the_index_is_restored_and_filled():
    make_live(name="Gout")
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in LOST[connection.vendor]:
            cursor.execute(statement)
    install()
    make_live(name="Scurvy")
    assert [hit.title for hit in search.find("gout").hits] == ["Gout"]
    assert [hit.title for hit in search.find("scurvy").hits] == ["Scurvy"]
    assert [suggestion.label for suggestion in search.suggest("sc")] == ["Scurvy"]
