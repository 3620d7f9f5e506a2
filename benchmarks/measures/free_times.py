"""The page of free times in a clinic of 1,000 clinicians, against the same page for one clinician."""

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie

from django.db import connections
from django.test import Client as DirectClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import Draft
from benchmarks.databases import Database, another
from benchmarks.load import Client, get
from benchmarks.measures import calendars
from benchmarks.results import Figure
from benchmarks.server import HOST, running
from calcsite.security.tokens import digest_of

SLOTS_OF_EACH = 1000
CLINICIANS = {"few": 1, "many": 1000}
SECRET = "of-the-draft"
PATH = "/second-opinion/book/time/"
PAGE = get(PATH, cookie=f"booking={SECRET}")
SLICES = 40
REQUESTS = 10  # of one slice


def figures() -> Iterator[Figure]:
    """Half of the large clinic's slots are taken, yet both pages show the same times."""
    with ExitStack() as stack:
        databases = [stack.enter_context(another(name)) for name in CLINICIANS]
        for database, clinicians in zip(databases, CLINICIANS.values(), strict=True):
            prepare(database, clinicians)
        few, many = [stack.enter_context(running(database.environment)) for database in databases]
        clients = [stack.enter_context(Client(server.port)) for server in (few, many)]
        shown = [client.ask(PAGE).body.count(b'name="slot"') for client in clients]
        if not shown[0] or shown[0] != shown[1]:
            raise ValueError(f"the pages show {shown[0]} and {shown[1]} times")
        ratios = [compared(number, clients) for number in range(-2, SLICES)][2:]
        queries = max(number_of_queries(database) for database in databases)
    name = f"free times ({shown[0]} of them), 1,000,000 slots of 1,000 clinicians"
    yield Figure(f"{name}, time", statistics.median(ratios), " × 1,000 slots of one", at_most=1.5)
    yield Figure(f"{name}, queries", queries, at_most=3)


def prepare(database: Database, clinicians: int) -> None:
    """The slots, and a patient who has reached the page of times."""
    database.hurry()
    appointment_type = calendars.make_clinicians(clinicians, database)
    calendars.make_slots(SLOTS_OF_EACH, calendars.midnight(1), database)
    if clinicians > 1:
        calendars.make_appointments(appointment_type, database, which=f"{calendars.SCATTERED} < 2147483648")  # half
    answers = {"about": {"condition": "brain-calcification"}, "how": {"mode": "video", "clinician": ""}}
    now = timezone.now()
    Draft.objects.using(database.alias).create(
        digest=digest_of(SECRET), answers=answers, appointment_type=appointment_type, created_at=now, touched_at=now
    )
    database.settle()


def compared(number: int, clients: list[Client]) -> float:
    """The ratio of the time for a slice of requests with many clinicians to that with few."""
    seconds = [0.0, 0.0]
    for place in (0, 1) if number % 2 else (1, 0):
        started = time.perf_counter()
        clients[place].ask_all([PAGE] * REQUESTS)
        seconds[place] = time.perf_counter() - started
    return seconds[1] / seconds[0]


def number_of_queries(database: Database) -> int:
    """The number of queries of the whole request, in this process."""
    client, default = DirectClient(HTTP_HOST=HOST), connections["default"]
    client.cookies = SimpleCookie({"booking": SECRET})
    connections["default"] = connections[database.alias]
    try:
        with CaptureQueriesContext(connections["default"]) as captured:
            client.get(PATH)
        return len(captured)
    finally:
        connections["default"] = default
