"""Fixtures for every test."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.db import connection
from django.test import Client, TransactionTestCase

from calcsite.tests import people
from calcsite.tests.emptying import empty_database, read_first_rows

SITES = Path(__file__).parent / "tests"
END_OTHER_SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

# A test with none of these uses no database: pytest-django refuses it access, and a running site needs static files.
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "static_files"}

# Examples of each property: few in `make test`, many in `make test-long`. They share the fixtures of their test, and
# have no deadline.
ALLOWED = [hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow]
for profile, examples in {"long": 200, "short": 10}.items():
    hypothesis.settings.register_profile(profile, max_examples=examples, deadline=None, suppress_health_check=ALLOWED)
hypothesis.settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--second-database",
        action="store_true",
        help="deselect the tests that do not depend on the database: they run with the first one",
    )


def depends_on_database(item: pytest.Item) -> bool:
    """Whether a test uses a database, and checks more than words and looks."""
    has_database = item.get_closest_marker("django_db") or DATABASE_FIXTURES.intersection(item.fixturenames)
    return bool(has_database) and not item.get_closest_marker("looks")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects with --second-database the tests that do not depend on the database.

    The tests of a running site come first, as they take longest, and a file of them stays in one process (xdist's
    `loadgroup`), so that its site is started once.

    All others keep the order of pytest-django, with those that flush the database at the end.
    """
    if config.getoption("second_database"):
        config.hook.pytest_deselected(items=[item for item in items if not depends_on_database(item)])
        items[:] = filter(depends_on_database, items)
    for item in items:
        if SITES in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: SITES not in item.path.parents)


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path: Path) -> None:
    """Files go to the test's own folder, static files come from the source, and no page is cached.

    Passwords are hashed quickly: the production hasher takes as long as a test.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
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
    """pytest-django's. After a test that commits, `empty_database` replaces Django's slower `flush`.

    At the end, sessions that threads left open do not block dropping the database.
    """
    with django_db_blocker.unblock():
        first_rows = read_first_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_database(first_rows))
        yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(END_OTHER_SESSIONS)


@pytest.fixture
def committed(transactional_db) -> None:
    """A database in which the test's transactions are really committed."""
