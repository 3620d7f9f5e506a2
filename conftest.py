"""Fixtures for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from post_office.models import Attachment

from calcsite.tests import people

SITES = Path(__file__).parent / "tests"
END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The tests of a running site come first, as they take longest, and a file of them stays in one process (xdist's
    `loadgroup`), so that its site is started once.

    All others keep the order of pytest-django, with those that flush the database at the end.
    """
    for item in items:
        if item.path.parent == SITES:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.path.parent != SITES)


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path: Path, monkeypatch) -> None:
    """Files go to the test's own folder, static files come from the source, and no page is cached.

    post_office reads the storage of attachments on import, so it is replaced here. Passwords are hashed quickly: the
    production hasher takes as long as a test.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setitem(vars(Attachment.file.field.storage), "location", str(tmp_path / "attachments"))
    settings.PUBLIC_PAGES_MEGABYTES = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True


@pytest.fixture
def admin_client(admin_user) -> Client:
    """pytest-django's, with a proven second factor, as every signed-in member of staff has."""
    client = Client()
    people.sign_in(client, admin_user)
    return client


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """pytest-django's; at the end, sessions that threads left open do not block dropping the database."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(END_OTHER_SESSIONS)


@pytest.fixture
def committed(transactional_db) -> Iterator[None]:
    """A database in which the test's transactions are really committed.

    It is flushed afterwards, which the triggers that keep editions would refuse: they are dropped first, and installed
    again by the `post_migrate` of the flush.
    """
    yield
    with connection.cursor() as cursor:
        for app in apps.get_app_configs():
            for trigger in getattr(app, "triggers", ()):
                for statement in trigger.statements(connection.vendor):
                    if statement.startswith("DROP"):
                        cursor.execute(statement)
