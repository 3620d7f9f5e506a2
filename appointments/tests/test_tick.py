"""One round of the background work."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Mode
from appointments.management.commands import tick
from appointments.models import Appointment, Slot
from appointments.tests.factories import make_draft, make_hours, make_slot
from calcsite.mail.tests import mailservers
from calcsite.models import Attempts
from calcsite.tests import people
from conditions.models import Condition, DigestSent, Edition, EmptySearch, RenderedPage
from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


def fails() -> None:
    raise RuntimeError("this part is broken")


def test_a_part_that_fails_is_logged_and_keeps_none_of_the_others_from_their_work(caplog):
    done = []
    tick.run([lambda: done.append("before"), fails, lambda: done.append("after")])
    assert done == ["before", "after"]
    assert "fails failed; the next round tries again" in caplog.text
    assert "this part is broken" in caplog.text


def test_a_round_does_all_that_is_due(settings):
    settings.DEFAULT_FROM_EMAIL = "site@clinic.example"
    settings.MAIL_SERVER_BACKEND = mailservers.MEMORY
    with time_machine.travel(MONDAY - timedelta(days=1), tick=False):
        live = make_live()
        people.make_person("Administrator", email="ann@clinic.example")
        approved = publishing.submit(condition=make_condition(), by=None)
        publishing.approve(edition=approved, by=make_reviewer(), goes_live_at=MONDAY)
        EmptySearch.objects.create(query="old", first_on=date(2020, 1, 1), last_on=date(2020, 1, 1))
        Attempts.objects.create(key="old", count=1, ends_at=MONDAY - timedelta(hours=1))
    RenderedPage.objects.all().delete()
    Condition.objects.update(working_checksum="")
    with time_machine.travel(MONDAY, tick=False):
        call_command("tick")
    assert Edition.objects.get(pk=approved.pk).published_at == MONDAY
    assert set(RenderedPage.objects.values_list("pk", flat=True)) == {live.pk, approved.condition_id}
    assert not Condition.objects.filter(working_checksum="").exists()
    assert not EmptySearch.objects.exists()
    assert not Attempts.objects.filter(key="old").exists()
    assert [message.to for message in mail.outbox] == [["ann@clinic.example"]]


def test_a_round_with_nothing_to_do_does_nothing():
    call_command("tick")
    assert not DigestSent.objects.exists()


def test_a_round_makes_slots_and_lets_go_of_holds_whose_time_is_over():
    hours = make_hours()
    slot = make_slot(hours=hours)
    appointment_type = hours.types.get()
    booking.hold(
        draft=make_draft(),
        slot=slot,
        appointment_type=appointment_type,
        mode=Mode.VIDEO,
        at=timezone.now() - booking.HOLD,
    )
    call_command("tick")
    assert not Appointment.objects.exists()
    assert Slot.objects.filter(clinician=hours.clinician).exclude(pk=slot.pk).count() > 8
