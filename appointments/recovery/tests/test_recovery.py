"""Recovery plans: frozen copies of guidance by day, ownership, and follow-ups."""

from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import Mode, Status
from appointments.models import Appointment, AuditEntry, CheckIn, FollowUp, Message, PlanGuidance, RecoveryPlan
from appointments.recovery import plans
from appointments.recovery.tests.makers import PLAN, make_carer, make_guidance, seen_patient, start_plan
from appointments.tests.factories import make_appointment, make_hours, make_slot, make_type
from appointments.tests.mailbox import deliver, token_in
from calcsite.errors import UserFacingError
from calcsite.tests import people, racing
from conditions.tests.factories import make_live

at_once = partial(racing.at_once, refused=UserFacingError)
pytestmark = pytest.mark.django_db


def test_guidance_that_fits_is_copied_and_later_edits_change_no_copy():
    gout, other = make_live(name="Gout", slug="gout"), make_live(name="Other", slug="other")
    make_guidance(title="For all")
    mine = make_guidance(title="For gout", condition=gout, treatment="operation")
    make_guidance(title="Not mine", condition=other)
    make_guidance(title="After medicines", treatment="medicines")
    plan = start_plan(seen_patient(condition=gout))
    assert [each.title for each in plan.guidance.all()] == ["For all", "For gout"]
    mine.text, mine.version, mine.safe_from = "Something else.", 2, 2
    mine.save()
    copy = PlanGuidance.objects.get(source=mine)
    assert (copy.text, copy.do, copy.version) == ("Rest today.", "Drink water\nSleep", 1)
    assert list(PlanGuidance.objects.outdated(mine)) == [copy]
    mine.delete()
    copy.refresh_from_db()
    assert (copy.text, copy.source) == ("Rest today.", None)


def test_only_chosen_guidance_for_the_patient_is_copied():
    fits, unchosen = make_guidance(title="Fits"), make_guidance(title="Unchosen")
    alien = make_guidance(title="After medicines", treatment="medicines")
    appointment = seen_patient()
    plan = RecoveryPlan(**PLAN)
    by = appointment.slot.clinician.user
    plans.start_plan(appointment=appointment, plan=plan, guidance=[fits.pk, alien.pk], by=by)
    assert [each.title for each in plan.guidance.all()] == ["Fits"]
    assert unchosen.copies.count() == 0


@pytest.mark.parametrize(("day", "titles"), [(-1, []), (0, ["First"]), (3, ["First", "From 3"]), (4, ["From 3"])])
def test_guidance_of_a_day_has_begun_and_is_not_over(day, titles):
    make_guidance(title="First", last_day=3, position=0)
    make_guidance(title="From 3", first_day=3, position=1)
    plan = start_plan()
    assert [each.title for each in plan.guidance.all() if each.is_on(day)] == titles


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 10, 24, 23, 30, tzinfo=ZoneInfo("Europe/London")), -1),
        (datetime(2026, 10, 25, 0, 0, tzinfo=ZoneInfo("Europe/London")), 0),
        (datetime(2026, 10, 25, 23, 59, tzinfo=ZoneInfo("Europe/London")), 0),  # a day of 25 hours
        (datetime(2026, 10, 26, 0, 1, tzinfo=ZoneInfo("Europe/London")), 1),
        (datetime(2026, 10, 26, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo")), 0),  # the clinic's clock counts
        (datetime(2027, 3, 28, 23, 30, tzinfo=ZoneInfo("Europe/London")), 154),
    ],
)
def test_a_day_begins_at_midnight_on_the_clinics_clock(now, day):
    with time_machine.travel(now):
        assert RecoveryPlan(first_day=date(2026, 10, 25)).day() == day


def test_a_plan_is_started_by_the_patients_own_clinician_only():
    appointment = seen_patient()
    strangers = [
        people.make_person("Clinician"),
        people.make_person("Booking coordinator"),
        people.make_person(is_superuser=True),
    ]
    for person in strangers:
        with pytest.raises(UserFacingError, match="Only the clinician"):
            start_plan(appointment, by=person)
    plan = start_plan(appointment)
    for person in strangers:
        with pytest.raises(UserFacingError, match="Only the clinician"):
            plans.change_plan(plan=plan, by=person)
        with pytest.raises(UserFacingError, match="Only the clinician"):
            plans.end_plan(plan=plan, by=person)
    assert AuditEntry.objects.filter(detail="Recovery plan started", by=plan.started_by).count() == 1


def test_a_plan_waits_until_the_patient_was_seen_and_there_is_one():
    coming = make_appointment()
    person = people.make_person("Clinician")
    coming.slot.clinician.user = person
    coming.slot.clinician.save()
    with pytest.raises(UserFacingError, match="once the patient has been seen"):
        start_plan(coming, by=person)
    seen = seen_patient()
    Appointment.objects.filter(pk=seen.pk).update(status=Status.MISSED)
    with pytest.raises(UserFacingError, match="once the patient has been seen"):
        start_plan(seen)
    plan = start_plan()
    with pytest.raises(UserFacingError, match="already"):
        start_plan(plan.appointment)
    assert RecoveryPlan.objects.count() == 1


def test_a_new_plan_sends_a_message_with_nothing_medical():
    plan = start_plan(what="Canary operation", note="Canary advice")
    (email,) = [email for email in deliver() if email.subject == "Your plan is ready"]
    assert token_in(email)
    said = f"{email.subject} {email.body} {email.alternatives}".lower()
    found = {word for word in ["canary", "operation", "paracetamol", "shiver", "talk with"] if word in said}
    assert found == set()
    assert Message.objects.get(kind="recovery").key == f"recovery-{plan.pk}"


def test_a_plan_that_ended_before_the_message_left_is_not_announced():
    plan = start_plan()
    plans.end_plan(plan=plan, by=plan.started_by)
    assert [email.subject for email in deliver() if "plan" in email.subject] == []


def test_a_change_keeps_bookings_and_rows_of_other_plans():
    plan, other = start_plan(), start_plan()
    follow_up, theirs = plan.follow_ups.get(), other.follow_ups.get()
    stale = FollowUp.objects.get(pk=follow_up.pk)
    book(follow_up)
    plan.note, stale.what = "Changed", "Another reason"
    plans.change_plan(plan=plan, kept=[stale, theirs], removed=[stale, theirs], by=plan.started_by)
    follow_up.refresh_from_db()
    assert (follow_up.what, follow_up.appointment is not None) == ("Another reason", True)
    assert FollowUp.objects.filter(pk=theirs.pk, plan=other).exists()
    plan.refresh_from_db()
    assert plan.note == "Changed"


def test_a_plan_that_has_ended_is_not_changed_and_ends_once():
    plan = start_plan()
    CheckIn.objects.create(plan=plan, feeling="worse", pain=1, is_alarm=True)
    plans.end_plan(plan=plan, by=plan.started_by)
    for step in [plans.end_plan, plans.change_plan]:
        with pytest.raises(UserFacingError, match="has ended"):
            step(plan=plan, by=plan.started_by)
    assert CheckIn.objects.alarms().count() == 1


def book(follow_up: FollowUp, **fields) -> Appointment:
    appointment_type = make_type()
    slot = make_slot(hours=make_hours(types=[appointment_type], clinician=follow_up.plan.appointment.slot.clinician))
    asked = {
        "slot": slot,
        "appointment_type": appointment_type,
        "mode": Mode.VIDEO,
        "agreed": {"consent_version": "1"},
    }
    asked |= {"by": make_carer("add_appointment")}
    return plans.book_follow_up(follow_up=follow_up, **asked | fields)


def test_a_follow_up_is_booked_like_everything_else_and_takes_nothing_medical_along():
    plan = start_plan(seen_patient(reason="Canary", findings="Canary", needs="A ramp", telephone="01632 960 009"))
    follow_up = plan.follow_ups.get()
    made = book(follow_up)
    follow_up.refresh_from_db()
    assert follow_up.appointment == made
    assert (made.name, made.telephone, made.needs, made.booked_by) == (
        "Kim Example",
        "01632 960 009",
        "A ramp",
        "staff",
    )
    assert (made.reason, made.findings, made.consent_version) == ("", "", "1")
    assert Message.objects.filter(appointment=made, kind="confirmation").exists()
    with pytest.raises(UserFacingError, match="booked already"):
        book(follow_up)
    booking.cancel(appointment=made)
    again = book(follow_up)
    follow_up.refresh_from_db()
    assert follow_up.appointment == again


def test_of_two_concurrent_bookings_of_a_follow_up_one_is_refused(committed):
    follow_up = start_plan().follow_ups.get()
    appointment_type = make_type()
    hours = make_hours(types=[appointment_type], clinician=follow_up.plan.appointment.slot.clinician)
    by = make_carer("add_appointment")
    now = timezone.now()
    steps = [
        partial(
            book,
            follow_up,
            slot=make_slot(hours=hours, starts=now + timedelta(days=day)),
            appointment_type=appointment_type,
            by=by,
        )
        for day in (20, 21)
    ]
    outcomes = at_once(*steps)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Appointment", "UserFacingError"]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Recovery team, 01632 960 005", "01632960005"),
        ("Room 12, +44 (1632) 960-005, ask for Ash", "+441632960005"),
        ("the ward", ""),
    ],
)
def test_the_number_to_dial_is_found_in_the_words(words, number):
    assert RecoveryPlan(telephone=words).number == number
