"""How far a booking goes through the house: frames of our own functions, their files, and statements."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_NEWLOCALS
from pathlib import Path
from types import FrameType

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.choices import Status
from appointments.models import Appointment
from appointments.tests.clients import BOOK, come_to
from appointments.tests.factories import make_hours, make_slot

PACKAGES = {"calcsite", "conditions", "appointments"}
NOT_COUNTED = {"tests", "migrations"}
MAX_FRAMES, MAX_FILES, MAX_STATEMENTS = 35, 9, 8


def file_of_ours(filename: str) -> str | None:
    """The path of one of our modules, tests and migrations apart; None for any other file."""
    path = Path(filename)
    parts = path.relative_to(settings.BASE_DIR).parts if path.is_relative_to(settings.BASE_DIR) else ("",)
    return "/".join(parts) if parts[0] in PACKAGES and not NOT_COUNTED & set(parts) else None


@contextmanager
def counting() -> Iterator[list[tuple[str, str]]]:
    """Collects the file and the name of each call of a function of ours; bodies of modules and classes are none."""
    calls: list[tuple[str, str]] = []

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & CO_NEWLOCALS and (file := file_of_ours(code.co_filename)):
            calls.append((file, code.co_qualname if hasattr(code, "co_qualname") else code.co_name))

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


@pytest.mark.django_db
def test_a_booking_passes_few_functions_files_and_statements(client):
    hours = make_hours()
    for _ in range(2):  # the first one imports modules and fills caches
        make_slot(hours=hours)
        client.cookies.clear()
        come_to(client, "check")
        with CaptureQueriesContext(connection) as queries, counting() as calls:
            response = client.post(f"{BOOK}check/")
        assert response.headers["Location"] == f"{BOOK}done/"
    assert Appointment.objects.filter(status=Status.BOOKED).count() == 2
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    files = {file for file, _ in calls}
    assert len(calls) <= MAX_FRAMES, calls
    assert len(files) <= MAX_FILES, files
    assert len(statements) <= MAX_STATEMENTS, statements
