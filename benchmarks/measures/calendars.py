"""Generated clinicians, their slots, and the appointments of years, stored in bulk.

The row-by-row check that slots do not overlap is removed for the import, and restored afterwards, which on PostgreSQL
checks every row.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, time, timedelta

from django.apps import apps
from django.db import connections
from django.utils import timezone

from appointments.models import AppointmentType, Clinician, WorkingHours
from benchmarks.databases import Database
from calcsite.database.triggers import install_triggers

# A bijective scramble of 32 bits: the factor is odd.
SCATTERED = "(id * 2654435761 % 4294967296)"
A_DAY = 16  # slots of a clinician, of half an hour each
FEW = 100  # slots of each clinician, which may go through the rule one by one

NO_OVERLAP = {
    "postgresql": (
        "ALTER TABLE appointments_slot DROP CONSTRAINT slots_do_not_overlap",
        "ALTER TABLE appointments_slot ADD CONSTRAINT slots_do_not_overlap EXCLUDE USING gist ("
        "int8range(clinician_id, clinician_id, '[]') WITH &&, tstzrange(starts, busy_until) WITH &&)",
    ),
    "sqlite": ("DROP TRIGGER slots_do_not_overlap_insert",),
}

# SQL that differs between the databases: `{minutes}` after `{since}`, and the numbers from 0 to below `{count}`.
DIALECTS = {
    "postgresql": {
        "series": "generate_series(0, {count} - 1) AS series (n)",
        "moment": "(timestamptz '{since}' + make_interval(mins => ({minutes})::int))",
        "before": "({moment} - make_interval(mins => ({minutes})::int))",
        "uuid": "gen_random_uuid()",
        "hex": "upper(lpad(to_hex({number}), 8, '0'))",
        "false": "false",
        "true": "true",
        "date": "DATE '1980-03-31'",
    },
    "sqlite": {
        "series": (
            "(WITH RECURSIVE counted (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {count}) "
            "SELECT n FROM counted) AS series"
        ),
        "moment": "strftime('%Y-%m-%d %H:%M:%S', '{since}', '+' || ({minutes}) || ' minutes')",
        "before": "strftime('%Y-%m-%d %H:%M:%S', {moment}, '-' || ({minutes}) || ' minutes')",
        "uuid": "lower(hex(randomblob(16)))",
        "hex": "printf('%08X', {number})",
        "false": "0",
        "true": "1",
        "date": "'1980-03-31'",
    },
}

SLOTS = """
    INSERT INTO appointments_slot
        (clinician_id, hours_id, starts, ends, busy_until, video, telephone, in_person, location_id, is_covered)
    SELECT clinician_id, id, {starts}, {ends}, {ends}, {true}, {true}, {false}, NULL, {true}
    FROM (SELECT id, clinician_id FROM appointments_workinghours ORDER BY id) AS hours CROSS JOIN {series}
"""
# Of 20 appointments, 15 took place, one was missed, and four were cancelled.
APPOINTMENTS = """
    INSERT INTO appointments_appointment
        (reference, uid, sequence, slot_id, appointment_type_id, mode, status, created_at, booked_at, cancelled_at,
         cancelled_why, name, date_of_birth, email, telephone, time_zone, booked_by, carer_name, carer_relation,
         language, needs_interpreter, needs, reason, findings, consent_version, consented_at)
    SELECT {reference}, {uuid}, id % 20 / 16, id, {appointment_type},
        CASE id % 3 WHEN 0 THEN 'telephone' ELSE 'video' END,
        CASE WHEN id % 20 > 15 THEN 'cancelled' WHEN id % 20 = 15 THEN 'missed' ELSE 'completed' END,
        {booked}, {booked}, CASE WHEN id % 20 > 15 THEN {cancelled} END, '',
        'Patient ' || id % 300000, {date}, 'patient' || id % 300000 || '@home.example', '01632 960 001',
        'Europe/London', 'patient', '', '', '', {false}, '', 'What does the report of number ' || id || ' mean?', '',
        '2026-11', {booked}
    FROM appointments_slot WHERE {which} ORDER BY id
"""
MESSAGES = """
    INSERT INTO appointments_message (appointment_id, kind, key, text, due_at, created_at, composed_at)
    SELECT id, '{kind}', '{kind}-' || id || '-{suffix}', '', booked_at, booked_at, booked_at
    FROM appointments_appointment ORDER BY id
"""
AUDIT = """
    INSERT INTO appointments_auditentry (appointment_id, reference, action, actor, at, detail)
    SELECT id, reference, '{action}', 'the patient', booked_at, '' FROM appointments_appointment ORDER BY id
"""


def make_clinicians(count: int, database: Database) -> AppointmentType:
    """So many clinicians, each with hours on one weekday. Returns the appointment types, hours and location."""
    using = database.alias
    appointment_type = AppointmentType.objects.using(using).create(
        name="Second opinion", slug="second-opinion", minutes=30, notice_hours=0, horizon_days=365
    )
    clinicians = Clinician.objects.using(using).bulk_create(
        Clinician(name=f"Dr {number} Example", slug=f"dr-{number}") for number in range(count)
    )
    hours = WorkingHours.objects.using(using).bulk_create(
        WorkingHours(clinician=clinician, weekday=0, starts=time(9), ends=time(17)) for clinician in clinicians
    )
    types = WorkingHours.types.through
    types.objects.using(using).bulk_create(
        types(workinghours=each, appointmenttype=appointment_type) for each in hours
    )
    return appointment_type


def make_slots(of_each: int, first: datetime, database: Database) -> None:
    """So many slots of each clinician, one after the other on each day from a time on."""
    sql = DIALECTS[connections[database.alias].vendor]
    minutes = f"n / {A_DAY} * 1440 + n % {A_DAY} * 30"
    since = f"{first:%Y-%m-%d %H:%M:%S}" + ("+00" if "timestamptz" in sql["moment"] else "")
    words = sql | {
        "starts": sql["moment"].format(since=since, minutes=minutes),
        "ends": sql["moment"].format(since=since, minutes=f"{minutes} + 30"),
        "series": sql["series"].format(count=of_each),
    }
    with no_look_at_overlaps(database) if of_each > FEW else nullcontext():
        database.execute(SLOTS.format(**words))


@contextmanager
def no_look_at_overlaps(database: Database) -> Iterator[None]:
    off, *on = NO_OVERLAP[connections[database.alias].vendor]
    database.execute(off)
    yield
    database.execute(*on)
    install_triggers(apps.get_app_config("appointments"), using=database.alias)


def make_appointments(appointment_type: AppointmentType, database: Database, *, which: str = "1 = 1") -> None:
    """An appointment on each matching slot."""
    sql = DIALECTS[connections[database.alias].vendor]
    booked = sql["before"].format(moment="starts", minutes="id % 40000 + 1440")
    words = sql | {
        "which": which,
        "appointment_type": appointment_type.pk,
        "booked": booked,
        "cancelled": sql["before"].format(moment="starts", minutes="1440"),
        "reference": sql["hex"].format(number=SCATTERED),
    }
    database.execute(APPOINTMENTS.format(**words))


def make_records(database: Database) -> None:
    """A confirmation, a reminder and two audit entries for each appointment."""
    database.execute(
        MESSAGES.format(kind="confirmation", suffix="0"),
        MESSAGES.format(kind="reminder", suffix="0-1"),
        AUDIT.format(action="booked"),
        AUDIT.format(action="status"),
    )


def midnight(days: int) -> datetime:
    """The beginning of the day so many days from today, in UTC."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
