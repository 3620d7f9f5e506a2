"""Rows past their retention period are deleted, and no others."""

from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from appointments.access import carers
from appointments.booking import booking
from appointments.choices import Mode
from appointments.governance import legal_holds, tombstones
from appointments.messages import queue
from appointments.models import (
    Appointment,
    AuditEntry,
    CarerLink,
    Code,
    Draft,
    Message,
    Offer,
    PatientLink,
    RecoveryPlan,
    Slot,
    WaitingEntry,
)
from appointments.privacy import retention
from appointments.tests.factories import make_appointment, make_draft, make_slot
from appointments.tests.mailbox import deliver
from calcsite.mail.tests.mailservers import PICKY
from calcsite.models import DeliveryStatus, StaffMail
from calcsite.tests import people
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


def test_a_draft_stays_during_its_hold_and_its_booking_survives_it():
    now = timezone.now()
    draft, slot = make_draft(touched_at=now - 2 * DAY), make_slot()
    held = booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO, at=now - DAY)
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
    make_appointment(slot=make_slot(starts=now + 20 * DAY))
    later = now + 40 * DAY
    StaffMail.objects.create(to="ann@clinic.example", subject="Hello", text="Hello.")
    told = dict.fromkeys(
        ["codes", "patient links", "carer links", "offers", "messages", "sessions", "appointments"], 0
    )
    told |= {"drafts": 2, "undelivered messages": 1, "e-mails to staff": 1}
    assert retention.clean_up(later, dry_run=True) == told
    assert (Draft.objects.count(), StaffMail.objects.count()) == (2, 1)
    assert Message.objects.filter(status=DeliveryStatus.WAITING).count() == 3
    assert retention.clean_up(later) == told


def test_nothing_that_a_mail_server_said_of_a_patient_is_kept(settings):
    settings.MAIL_KEPT_DAYS = 10
    settings.MAIL_SERVER_BACKEND = PICKY
    now = timezone.now()
    for name in ["kim", "busy"]:
        make_appointment(email=f"{name}@home.example")
    Message.objects.create(kind=Message.Kind.LINK, text="kim@home.example", due_at=now + 9 * DAY)
    deliver()
    said = Message.objects.exclude(last_error="")
    assert (said.count(), Message.objects.filter(status=DeliveryStatus.SENT).count()) == (1, 1)
    retention.clean_up_daily(now + 9 * DAY)
    assert said.get().last_error.startswith("SMTPRecipientsRefused")
    retention.clean_up_daily(now + 60 * DAY)
    assert not said.exists()
    assert not Message.objects.filter(appointment=None).exists()
    assert set(Message.objects.values_list("status", flat=True)) == {DeliveryStatus.SENT, DeliveryStatus.DROPPED}


def test_an_undelivered_message_stays_until_staff_handle_it():
    now = timezone.now()
    appointment = make_appointment(slot=make_slot(starts=now + 50 * DAY))
    Message.objects.filter(kind="confirmation").update(status=DeliveryStatus.REFUSED, last_error="550")
    retention.clean_up_daily(now + 40 * DAY)
    message = Message.objects.failed(now + 40 * DAY).get()
    assert (message.appointment, message.last_error) == (appointment, "550")
    queue.acknowledge(message=message, by=make_person())
    retention.clean_up_daily(now + 42 * DAY)
    message.refresh_from_db()
    assert (message.status, message.last_error) == (DeliveryStatus.DROPPED, "")


def test_sessions_that_are_over_are_deleted():
    now = timezone.now()
    for name, ends in [("over", now - DAY), ("open", now + DAY)]:
        Session.objects.create(session_key=name, expire_date=ends)
    retention.clean_up_daily(now)
    assert Session.objects.get().session_key == "open"


EIGHT_YEARS = 2922 * DAY


def put(appointment: Appointment, ends: datetime) -> None:
    """Move an appointment to another time."""
    times = {"starts": ends - timedelta(minutes=45), "ends": ends, "busy_until": ends}
    Slot.objects.filter(pk=appointment.slot_id).update(**times)


def is_over(appointment: Appointment, after: timedelta = EIGHT_YEARS) -> bool:
    """Whether retention would delete an appointment so long after its end."""
    return retention.old_appointments(appointment.slot.ends + after).filter(pk=appointment.pk).exists()


def test_a_record_goes_eight_years_after_the_appointment_the_way_of_every_erasure():
    appointment, later = make_appointment(), make_appointment()
    put(later, appointment.slot.ends + DAY)
    now = appointment.slot.ends + EIGHT_YEARS
    assert retention.clean_up(now - timedelta(seconds=1))["appointments"] == 0
    assert retention.clean_up(now)["appointments"] == 1
    assert list(Appointment.objects.all()) == [later]
    assert tombstones.is_erased(appointment)
    entry = AuditEntry.objects.get(action="erased")
    assert (entry.reference, entry.actor, entry.by) == (appointment.reference, "the site", None)


def test_the_last_contact_counts():
    staff = people.make_person()
    appointment, follow_up = make_appointment(), make_appointment()
    assert is_over(appointment)
    first_day = timezone.localdate(appointment.slot.ends)
    plan = RecoveryPlan.objects.create(appointment=appointment, first_day=first_day, started_by=staff)
    assert is_over(appointment)
    RecoveryPlan.objects.update(last_day=first_day + 90 * DAY)
    assert (is_over(appointment), is_over(appointment, EIGHT_YEARS + 91 * DAY)) == (False, True)
    check_in = plan.check_ins.create(at=appointment.slot.ends + 200 * DAY, feeling="same", pain=1)
    assert not is_over(appointment, EIGHT_YEARS + 91 * DAY)
    check_in.delete()
    plan.follow_ups.create(day=first_day, what="Look again", appointment=follow_up)
    put(follow_up, appointment.slot.ends + 200 * DAY)
    assert not is_over(appointment, EIGHT_YEARS + 91 * DAY)
    assert is_over(appointment, EIGHT_YEARS + 201 * DAY)


def test_the_record_of_a_child_is_kept_until_the_child_is_26():
    appointment = make_appointment(date_of_birth=timezone.localdate() - 10 * 365 * DAY)
    assert not is_over(appointment, 15 * 365 * DAY)
    assert is_over(appointment, 17 * 365 * DAY)


def test_nothing_of_a_held_appointment_is_deleted_and_the_others_are():
    now, held, free = timezone.now(), make_appointment(), make_appointment()
    for appointment in (held, free):
        Code.objects.create(appointment=appointment, digest="a", expires_at=now)
        PatientLink.objects.create(appointment=appointment, digest=appointment.reference, expires_at=now)
        carers.make(appointment=appointment, name="Jo")
        entry = WaitingEntry.objects.create(appointment=appointment)
        fields = {"slot": appointment.slot, "expires_at": now, "answered_at": now}
        Offer.objects.create(entry=entry, **fields)
    Draft.objects.update(touched_at=now)
    hold = legal_holds.place(appointment=held, why="A claim", by=people.make_person())
    later = now + 2 * EIGHT_YEARS
    once = {"codes": 1, "patient links": 1, "carer links": 1, "offers": 1, "appointments": 1, "drafts": 1}
    once |= dict.fromkeys(["messages", "e-mails to staff", "sessions"], 0)
    once |= {"undelivered messages": free.messages.count()}
    assert retention.clean_up(later, dry_run=True) == once
    retention.clean_up(later)
    assert list(Appointment.objects.all()) == [held]
    counts = [model.objects.count() for model in (Draft, Code, PatientLink, CarerLink, Offer)]
    assert counts == [1] * 5
    legal_holds.end(hold=hold, by=hold.placed_by)
    retention.clean_up(later)
    assert not Appointment.objects.exists()


def test_the_periods_are_those_of_the_settings(settings):
    settings.RETENTION_DAYS = {"drafts": 3, "secrets": 5, "appointments": 7}
    now, appointment = timezone.now(), make_appointment()
    assert (is_over(appointment, 7 * DAY), is_over(appointment, 6 * DAY)) == (True, False)
    make_draft()
    Draft.objects.update(touched_at=now)
    Code.objects.create(appointment=appointment, digest="a", expires_at=now)
    counted = [retention.clean_up(now + days * DAY, dry_run=True) for days in (2, 3, 4, 5)]
    assert [(each["drafts"], each["codes"]) for each in counted] == [(0, 0), (2, 0), (2, 0), (2, 1)]


def test_the_command_says_how_much_of_each_kind_and_deletes_only_when_told():
    old = make_appointment()
    put(old, timezone.now() - 9 * 366 * DAY)
    make_draft(touched_at=timezone.now() - 2 * DAY)
    hold = legal_holds.place(appointment=old, why="A claim", by=people.make_person())

    def run(*options: str) -> list[str]:
        out = StringIO()
        call_command("retention", *options, stdout=out)
        return out.getvalue().splitlines()

    told = run("--dry-run")
    assert told[0] == "drafts: 1 would be deleted (kept for 1 days)"
    assert told[-1] == "appointments: 0 would be deleted (kept for 2922 days); 1 kept by a legal hold"
    assert Draft.objects.count() == 2
    legal_holds.end(hold=hold, by=hold.placed_by)
    assert run()[-1] == "appointments: 1 deleted (kept for 2922 days)"
    assert not Appointment.objects.exists()
