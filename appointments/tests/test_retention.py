"""What is deleted when nobody needs it any more, and what is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments import booking, retention
from appointments.kinds import Mode
from appointments.models import Appointment, Code, Draft, Message, PatientLink
from appointments.tests.factories import make_appointment, make_draft, make_slot

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_a_draft_goes_a_day_after_it_was_last_touched():
    now = timezone.now()
    make_draft(touched_at=now)
    retention.clean_up(now + DAY - timedelta(seconds=1))
    assert Draft.objects.exists()
    retention.clean_up(now + DAY)
    assert not Draft.objects.exists()


def test_a_draft_stays_while_its_time_is_held_and_leaves_what_was_booked():
    now = timezone.now()
    draft, slot = make_draft(touched_at=now - 2 * DAY), make_slot()
    held = booking.hold(draft=draft, slot=slot, kind=slot.hours.types.get(), mode=Mode.VIDEO, at=now - DAY)
    Draft.objects.update(touched_at=now - 2 * DAY)
    Appointment.objects.filter(pk=held.pk).update(held_until=now + timedelta(minutes=1))
    retention.clean_up(now)
    assert Draft.objects.exists()
    Appointment.objects.filter(pk=held.pk).update(held_until=now)
    retention.clean_up(now)
    assert not Draft.objects.exists()
    booked = make_appointment()
    retention.clean_up(now + 400 * DAY)
    assert list(Appointment.objects.booked()) == [booked]
    assert Message.objects.filter(appointment=booked).exists()


def test_secrets_go_a_month_after_they_have_ended():
    now, appointment = timezone.now(), make_appointment()
    Code.objects.create(appointment=appointment, digest="a", expires_at=now)
    PatientLink.objects.create(appointment=appointment, digest="a", expires_at=now)
    PatientLink.objects.create(appointment=appointment, digest="b", expires_at=now + 90 * DAY, ended_at=now)
    open_link = PatientLink.objects.create(appointment=appointment, digest="c", expires_at=now + 90 * DAY)
    retention.clean_up(now + 29 * DAY)
    assert (Code.objects.count(), PatientLink.objects.count()) == (1, 3)
    retention.clean_up(now + 30 * DAY)
    assert not Code.objects.exists()
    assert list(PatientLink.objects.all()) == [open_link]


def test_a_dry_run_counts_and_deletes_nothing():
    now = timezone.now()
    make_draft(touched_at=now - 2 * DAY)
    told = {"drafts": 1, "codes": 0, "patient links": 0, "offers": 0}
    assert retention.clean_up(now, dry_run=True) == told
    assert Draft.objects.exists()
    assert retention.clean_up(now) == told
