"""Bookings per second over HTTP: against the ORM, and with 1,000,000 appointments against none.

A booking writes more than a claim and its message: the checklist, reminders, the audit log, a count. So there are two
controls: the same transaction (`steps.book`), which measures the cost of HTTP; and a bare claim with one message,
which measures the cost of all the rest too.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import count

from django.db import connection, transaction
from django.utils import timezone

from appointments.booking import steps
from appointments.choices import Mode, Status
from appointments.governance import consents
from appointments.models import Appointment, AppointmentType, Draft, Message, Slot
from benchmarks.databases import Database, another
from benchmarks.load import Client, post
from benchmarks.measures import calendars
from benchmarks.results import Figure
from benchmarks.server import running
from calcsite.security.tokens import digest_of
from conditions.models import Condition
from serve import THREADS, worker_count

CLINICIANS = 50
PAST_DAYS = 1250
SLICES = 40
BOOKINGS = 20  # of one slice
# The second only shows when a booking grows heavier: its other rows are wanted (docs/decisions.md).
BARS = {"sqlite": (0.18, 0.15, 0.6), "postgresql": (0.45, 0.25, 0.9)}
# The answers to each step, as `Draft.answers` holds them.
ANSWERS = {
    "about": {"condition": "brain-calcification"},
    "how": {"mode": "video", "clinician": ""},
    "time": {"zone": "Europe/London"},
    "who": {"booked_by": "patient", "carer_name": "", "carer_relation": ""},
    "needs": {"language": "", "needs_interpreter": False, "needs": ""},
    "why": {"reason": "What does the report mean?", "findings": ""},
    "consent": {"consent_version": consents.VERSION},
}

_number = count(1)


def figures() -> Iterator[Figure]:
    """The last button of the booking, in an empty and a full database, and the same rows through the ORM, in turn."""
    with ExitStack() as stack:
        empty, full = (stack.enter_context(another(name)) for name in ("empty", "full"))
        appointment_types = [prepare(empty, past_days=0), prepare(full, past_days=PAST_DAYS)]
        clients = []
        for database in (empty, full):
            site = running(database.environment, workers=worker_count(), threads=THREADS)
            server = stack.enter_context(site)
            clients.append(stack.enter_context(Client(server.port)))
        rounds = [one_round(number, (empty, full), appointment_types, clients) for number in range(-2, SLICES)][2:]
    of_verb, of_bare, of_empty = BARS[connection.vendor]
    in_empty, in_full, by_verb, bare = zip(*rounds, strict=True)
    ours, bare = ratio(by_verb, in_empty), ratio(bare, in_empty)
    yield Figure("bookings/s over HTTP", ours, " × the same transaction through the ORM", at_least=of_verb)
    yield Figure("bookings/s over HTTP", bare, " × a bare claim and one message", at_least=of_bare)
    yield Figure("bookings/s with 1,000,000 appointments", ratio(in_empty, in_full), " × with none", at_least=of_empty)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def prepare(database: Database, *, past_days: int) -> AppointmentType:
    """Clinicians, appointments on every slot of so many past days, and free slots ahead."""
    database.hurry()
    appointment_type = calendars.make_clinicians(CLINICIANS, database)
    if past_days:
        calendars.make_slots(past_days * calendars.A_DAY, calendars.midnight(-past_days), database)
        calendars.make_appointments(appointment_type, database)
        calendars.make_records(database)
    calendars.make_slots((SLICES + 2) * BOOKINGS * 3 // CLINICIANS + 1, calendars.midnight(3), database)
    database.settle()
    return appointment_type


def one_round(
    number: int, databases: tuple[Database, Database], appointment_types: list[AppointmentType], clients: list[Client]
) -> tuple[float, float, float, float]:
    """The seconds for a slice of bookings: over HTTP in the empty and the full database, and by either control."""
    requests = [
        [over_http(draft_to_book(slot, appointment_type, database)) for slot in free_slots(database)]
        for database, appointment_type in zip(databases, appointment_types, strict=True)
    ]
    seconds = [0.0, 0.0]
    for place in (0, 1) if number % 2 else (1, 0):
        started = time.perf_counter()
        clients[place].ask_all(requests[place], status=302)
        seconds[place] = time.perf_counter() - started
        check(databases[place])
    by_verb = same_transaction(free_slots(databases[0]), appointment_types[0], databases[0])
    return *seconds, by_verb, bare_claim(free_slots(databases[0]), appointment_types[0], databases[0])


def free_slots(database: Database) -> list[Slot]:
    slots = Slot.objects.using(database.alias).filter(starts__gt=timezone.now(), appointments=None)
    return list(slots.order_by("starts")[:BOOKINGS])


def patient() -> dict[str, str]:
    return {"name": "Kim Example", "email": f"kim{next(_number)}@home.example", "telephone": "01632 960 001"}


def draft_to_book(slot: Slot, appointment_type: AppointmentType, database: Database) -> str:
    """A patient's answers before the last button, and the hold. Returns the secret of the draft."""
    now, who = timezone.now(), patient()
    condition = Condition.objects.using(database.alias).get(slug=ANSWERS["about"]["condition"])
    held = Appointment.objects.using(database.alias).create(
        slot=slot,
        appointment_type=appointment_type,
        mode=Mode.VIDEO,
        status=Status.HELD,
        held_until=now + timedelta(hours=1),
    )
    secret = f"secret-{next(_number)}"
    Draft.objects.using(database.alias).create(
        digest=digest_of(secret),
        appointment=held,
        appointment_type=appointment_type,
        condition=condition,
        answers=ANSWERS | {"you": who | {"date_of_birth": "1980-03-31"}},
    )
    return secret


def over_http(secret: str) -> bytes:
    return post("/second-opinion/book/check/", {}, booking=secret)


def check(database: Database) -> None:
    """Raises ValueError if a booking got the response of a success without being stored."""
    left = Appointment.objects.using(database.alias).filter(status=Status.HELD).count()
    if left:
        raise ValueError(f"{left} of the holds were not booked")


def same_transaction(slots: list[Slot], appointment_type: AppointmentType, database: Database) -> float:
    """The control for HTTP: the transaction of the last button, without the button. Returns the seconds."""
    digests = [digest_of(draft_to_book(slot, appointment_type, database)) for slot in slots]
    with database.as_default():
        drafts = list(Draft.objects.select_related("appointment__slot").filter(digest__in=digests))
        started = time.perf_counter()
        for draft in drafts:
            steps.book(draft)
        seconds = time.perf_counter() - started
    check(database)
    return seconds


def bare_claim(slots: list[Slot], appointment_type: AppointmentType, database: Database) -> float:
    """The control for everything: a claim on a slot and the row of its message, one transaction each. Returns the
    seconds.
    """
    using, now = database.alias, timezone.now()
    started = time.perf_counter()
    for slot in slots:
        with transaction.atomic(using=using):
            appointment = Appointment.objects.using(using).create(
                slot=slot,
                appointment_type=appointment_type,
                mode=Mode.VIDEO,
                status=Status.BOOKED,
                booked_at=now,
                time_zone="Europe/London",
                booked_by="patient",
                **patient(),
            )
            Message.objects.using(using).create(appointment=appointment, kind=Message.Kind.CONFIRMATION, sequence=0)
    return time.perf_counter() - started
