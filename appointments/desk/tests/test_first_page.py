"""The admin's first page for staff who work with bookings: the worklists, their counts, and the links."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.choices import Status
from appointments.models import Appointment
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot
from calcsite.tests import people
from conditions.publishing import publishing
from conditions.tests.factories import make_condition

pytestmark = pytest.mark.django_db

NOTHING = "Nothing waits for you."


def first_page(client: Client) -> str:
    return client.get("/admin/").content.decode()


def waiting(page: str) -> dict[str, int]:
    """The counts of the worklists, by the text of their links."""
    rows = re.findall(
        r'<div class="report-what">\s*<a href="[^"]+">([^<]+)</a>.*?report-count[^>]*>(\d+)<', page, re.S
    )
    return {title: int(number) for title, number in rows}


def make_waiting() -> None:
    """One unconfirmed appointment, one orphaned, one without an outcome, and a page to review."""
    make_appointment()
    orphaned = make_appointment()
    orphaned.slot.is_covered = False
    orphaned.slot.save()
    Appointment.objects.filter(pk=orphaned.pk).update(status=Status.CONFIRMED)
    yesterday = timezone.now() - timedelta(days=1)
    make_appointment(slot=make_slot(starts=yesterday), at=yesterday - timedelta(days=2))
    publishing.submit(condition=make_condition(), by=None)


UNCONFIRMED, ORPHANED = "E-mail address not confirmed", "No longer covered by working hours"
OVER = "Over, and not marked"


def test_each_role_sees_its_worklists_with_their_counts():
    make_waiting()
    bookings = {ORPHANED: 1, UNCONFIRMED: 1, OVER: 1}
    found = waiting(first_page(people.client_with_roles("Booking coordinator")))
    assert {title: found[title] for title in bookings} == bookings
    reviewer = waiting(first_page(people.client_with_roles("Clinical reviewer")))
    assert len(reviewer) == 1
    assert not reviewer.keys() & bookings.keys()
    both = waiting(first_page(people.client_with_roles("Booking coordinator", "Clinical reviewer")))
    assert both == found | reviewer
    assert waiting(first_page(people.client_with_roles("Clinician"))) == {}


def test_nothing_waits_only_when_neither_bookings_nor_pages_do():
    coordinator = people.client_with_roles("Booking coordinator")
    assert NOTHING in first_page(coordinator)
    make_appointment()
    page = first_page(coordinator)
    assert NOTHING not in page
    assert "Kim Example" not in page


def test_a_clinicians_counts_include_their_own_patients_only():
    clinician = make_clinician(user=people.make_person("Clinician"))
    make_appointment(slot=make_slot(hours=make_hours(clinician=clinician)))
    make_appointment()
    client = Client()
    people.sign_in(client, clinician.user)
    assert waiting(first_page(client)) == {UNCONFIRMED: 1}


def test_only_staff_who_work_with_bookings_see_today_and_the_calendar():
    now = timezone.now()
    make_appointment(slot=make_slot(starts=now), at=now - timedelta(days=2))
    page = first_page(people.client_with_roles("Booking coordinator"))
    assert "Today’s patients: 1" in page
    assert 'href="/admin/appointments/appointment/calendar/"' in page
    assert 'href="/admin/appointments/closure/add/"' in page
    assert "closure/add" not in first_page(people.client_with_roles("Clinician"))
    assert "Today’s patients" not in first_page(
        people.client_with_roles("Editor", "Clinical reviewer", "Administrator")
    )


def test_the_first_page_takes_as_many_queries_with_many_bookings():
    client, counts = people.client_with_roles("Booking coordinator", "Clinical reviewer"), []
    for number in (1, 8):
        for _ in range(number):
            make_waiting()
        with CaptureQueriesContext(connection) as captured:
            client.get("/admin/")
        counts.append(len(captured))
    assert counts[0] == counts[1]
