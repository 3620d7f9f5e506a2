"""What is deleted when nobody needs it any more, and what is not."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from post_office.models import STATUS, Attachment, Email, Log

from appointments import booking, messaging, retention
from appointments.kinds import Mode
from appointments.models import Appointment, Code, Draft, Message, PatientLink
from appointments.tests.factories import make_appointment, make_draft, make_slot
from appointments.tests.post import deliver
from calcsite.tests.mailservers import PICKY
from calcsite.tests.people import make_person

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
    make_appointment()
    deliver()
    later = now + 40 * DAY
    told = {"drafts": 2, "codes": 0, "patient links": 0, "offers": 0, "messages": 0, "sessions": 0}
    told |= {"Attachments": 1, "Emails": 1}
    assert retention.clean_up(later, dry_run=True) == told
    assert (Draft.objects.count(), Email.objects.count()) == (2, 1)
    assert retention.clean_up(later) == told


def test_nothing_of_a_patient_stays_in_the_outbox(settings):
    settings.MAIL_KEPT_DAYS = 10
    settings.POST_OFFICE = settings.POST_OFFICE | {"BACKENDS": {"default": PICKY}}
    now, storage = timezone.now(), Attachment.file.field.storage
    for name in ["kim", "busy"]:
        make_appointment(email=f"{name}@home.example")
    Message.objects.create(kind=Message.Kind.LINK, key="link-asked", text="kim@home.example", due_at=now + 9 * DAY)
    deliver()
    files = [attachment.file.name for attachment in Attachment.objects.all()]
    assert (Email.objects.count(), Log.objects.count(), len(files)) == (2, 1, 2)
    assert all(storage.exists(name) for name in files)
    retention.clean_up_daily(now + 9 * DAY)
    assert Email.objects.count() == 2
    retention.clean_up_daily(now + 60 * DAY)
    assert not any(rows.objects.exists() for rows in [Email, Log, Attachment])
    assert not Message.objects.filter(appointment=None).exists()
    assert not any(storage.exists(name) for name in files)


def test_a_message_that_never_arrived_stays_until_somebody_has_dealt_with_it():
    now = timezone.now()
    appointment = make_appointment(slot=make_slot(starts=now + 50 * DAY))
    messaging.compose_due()
    Email.objects.update(status=STATUS.failed)
    retention.clean_up_daily(now + 40 * DAY)
    message = messaging.failed(now + 40 * DAY).get()
    assert message.appointment == appointment
    assert Attachment.objects.exists()
    messaging.acknowledge(message=message, by=make_person())
    retention.clean_up_daily(now + 42 * DAY)
    assert not Email.objects.exists()
    assert Message.objects.filter(pk=message.pk).exists()


def test_sessions_that_are_over_are_deleted():
    now = timezone.now()
    for name, ends in [("over", now - DAY), ("open", now + DAY)]:
        Session.objects.create(session_key=name, expire_date=ends)
    retention.clean_up_daily(now)
    assert Session.objects.get().session_key == "open"
