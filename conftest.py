"""What every test may rely on."""

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
    `loadgroup`): so the site that it starts is started once.

    All others stay in the order that pytest-django has given them, with those that empty the database at the end.
    """
    for item in items:
        if item.path.parent == SITES:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.path.parent != SITES)


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path: Path, monkeypatch) -> None:
    """Files go to the test's own folder, static files come from the source, no page is kept in memory.

    The library keeps the storage of what is attached from when it was loaded, so no setting moves that one.

    Passwords are hashed quickly: the real way takes as long as a test.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setitem(vars(Attachment.file.field.storage), "location", str(tmp_path / "attachments"))
    settings.PUBLIC_PAGES_MEGABYTES = 0
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True


@pytest.fixture
def admin_client(admin_user) -> Client:
    """pytest-django's, with the second factor that every member of staff has proven."""
    client = Client()
    people.sign_in(client, admin_user)
    return client


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """pytest-django's; at the end, no session that a thread has left open keeps the database from being dropped."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(END_OTHER_SESSIONS)


@pytest.fixture
def committed(transactional_db) -> Iterator[None]:
    """A database in which the test's transactions are really committed.

    It is emptied afterwards, which the triggers that keep editions would refuse: they go first, and come back with the
    `post_migrate` that the emptying sends.
    """
    yield
    with connection.cursor() as cursor:
        for app in apps.get_app_configs():
            for trigger in getattr(app, "triggers", ()):
                for statement in trigger.statements(connection.vendor):
                    if statement.startswith("DROP"):
                        cursor.execute(statement)
