"""Frequent queries use an index, so that they do not grow with the number of appointments."""

import re

import pytest
from django.db import connection
from django.utils import timezone

from appointments.desk import worklists
from appointments.models import Appointment, Message, Slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db
QUESTIONS = {
    "message_due": lambda: Message.objects.due(),
    "appointment_by_email": lambda: Appointment.objects.of_address("Kim@home.example"),
    "one_slot_at_a_time": lambda: Slot.objects.filter(clinician=1, starts__gt=timezone.now()).order_by("starts"),
}


@pytest.mark.parametrize("index", QUESTIONS)
def test_frequent_queries_use_an_index(index):
    if connection.vendor == "postgresql":  # which scans a small table
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    # SQLite names the index of a constraint itself.
    assert re.search(f"{index}|sqlite_autoindex_appointments_slot", QUESTIONS[index]().explain())


def test_no_two_indexes_begin_with_the_same_columns_of_a_slot():
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, Slot._meta.db_table)
    columns = [tuple(each["columns"]) for each in found.values() if each["index"] or each["unique"]]
    columns = [each for each in columns if each and None not in each]
    assert not [each for each in columns if any(each == other[: len(each)] for other in columns if other != each)]
    assert len(columns) == len(set(columns))


def test_the_telephone_worklist_starts_from_the_failed_messages():
    plan = worklists.BY_KEY["telephone"].find(people.make_person("Booking coordinator")).explain()
    assert "CORRELATED" not in plan
