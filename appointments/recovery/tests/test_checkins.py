"""Check-ins: alarms, their acknowledgement, and repeated submissions."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.utils import timezone

from appointments.desk import worklists
from appointments.models import AuditEntry, CheckIn
from appointments.recovery import checkins, plans
from appointments.recovery.checkins import Advice
from appointments.recovery.tests.makers import make_carer, seen_patient, start_plan
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.tests import people, racing
from conditions.models import Condition
from conditions.tests.factories import make_live

at_once = partial(racing.at_once, refused=UserFacingError)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said", "is_alarm"),
    [
        ({"feeling": "better", "pain": 0}, False),
        ({"feeling": "same", "pain": 10}, False),
        ({"feeling": "worse", "pain": 0}, True),
        ({"feeling": "better", "pain": 0, "red_flags": ["a fever"]}, True),
        ({"red_flags": ["a fever"]}, True),
    ],
)
def test_worse_or_a_sign_of_danger_is_an_alarm(said, is_alarm):
    made = checkins.check_in(plan=start_plan(), **said)
    assert (made.is_alarm, CheckIn.objects.alarms().count()) == (is_alarm, int(is_alarm))


def test_the_database_refuses_inconsistent_check_ins():
    plan = start_plan()
    with pytest.raises(IntegrityError, match="feeling_worse_is_an_alarm"), transaction.atomic():
        CheckIn.objects.create(plan=plan, feeling="worse", pain=1)
    with pytest.raises(IntegrityError, match="a_sign_of_danger_is_an_alarm"), transaction.atomic():
        CheckIn.objects.create(plan=plan, red_flags=["Chest pain"])
    alarm = checkins.check_in(plan=plan, feeling="worse")
    for fields in [{"acknowledged_note": "Called"}, {"acknowledged_by": plan.started_by}]:
        with pytest.raises(IntegrityError, match="acknowledged_with"), transaction.atomic():
            CheckIn.objects.filter(pk=alarm.pk).update(acknowledged_at=timezone.now(), **fields)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ({"feeling": "better", "emergencies": [], "signs": []}, Advice.GO_ON),
        ({"feeling": "same", "emergencies": [], "signs": []}, Advice.GO_ON),
        ({"feeling": "worse", "emergencies": [], "signs": []}, Advice.CALL),
        ({"feeling": "better", "emergencies": [], "signs": ["hot"]}, Advice.CALL),
        ({"feeling": "better", "emergencies": ["fits"], "signs": ["hot"]}, Advice.EMERGENCY),
    ],
)
def test_advice_follows_the_worst_answer(said, advice):
    assert checkins.advice_for(**said) == advice


def test_emergency_signs_are_those_of_the_approved_page_and_bleeding():
    gout = make_live(name="Gout", slug="gout", emergency_signs="a toe glows\nit rings")
    with_page, without = seen_patient(condition=gout), seen_patient()
    bleeding = checkins.TREATMENT_SIGNS
    assert checkins.emergency_signs(with_page) == ["a toe glows", "it rings", *bleeding]
    assert checkins.emergency_signs(without) == [*checkins.GENERAL_SIGNS, *bleeding]
    Condition.objects.filter(pk=gout.pk).update(emergency_signs="an edit that nobody has approved")
    assert checkins.emergency_signs(with_page) == ["a toe glows", "it rings", *bleeding]


def test_a_check_in_sent_twice_is_kept_once_and_a_different_one_is_kept_too():
    plan, now = start_plan(), timezone.now()
    first = checkins.check_in(plan=plan, feeling="worse", pain=3, at=now)
    again = checkins.check_in(plan=plan, feeling="worse", pain=3, at=now + timedelta(minutes=1))
    assert again == first
    checkins.check_in(plan=plan, feeling="worse", pain=4, at=now + timedelta(minutes=2))
    checkins.check_in(plan=plan, feeling="worse", pain=4, at=now + timedelta(hours=2))
    assert plan.check_ins.count() == 3


def test_an_equal_check_in_after_an_acknowledged_alarm_is_another_alarm():
    plan = start_plan()
    alarm = checkins.check_in(plan=plan, feeling="worse", pain=3)
    checkins.acknowledge(check_in=alarm, by=plan.started_by, note="Called")
    checkins.check_in(plan=plan, feeling="worse", pain=3)
    assert CheckIn.objects.alarms().count() == 1


def test_a_plan_that_has_ended_takes_no_check_in():
    plan = start_plan()
    plans.end_plan(plan=plan, by=plan.started_by)
    with pytest.raises(UserFacingError, match="has ended"):
        checkins.check_in(plan=plan, feeling="worse")


def test_an_alarm_stays_on_the_worklist_until_it_is_acknowledged():
    plan = start_plan()
    coordinator = people.make_person("Booking coordinator")
    alarm = checkins.check_in(plan=plan, feeling="worse", at=timezone.now() - timedelta(days=300))
    assert on_list(coordinator) == [plan.appointment]
    with pytest.raises(UserFacingError, match="Write what you have done"):
        checkins.acknowledge(check_in=alarm, by=coordinator, note="  ")
    assert on_list(coordinator) == [plan.appointment]
    checkins.acknowledge(check_in=alarm, by=coordinator, note="Called: comes in at 3")
    assert on_list(coordinator) == []
    alarm.refresh_from_db()
    assert (alarm.acknowledged_by, alarm.acknowledged_note) == (coordinator, "Called: comes in at 3")
    entry = AuditEntry.objects.get(detail="Check-in dealt with")
    assert (entry.by, entry.appointment) == (coordinator, plan.appointment)


def on_list(user) -> list:
    return list(checkins.by_urgency(worklists.BY_KEY["alarms"].find(user)))


def test_signs_of_danger_come_first_and_then_the_longest_wait():
    now = timezone.now()
    late, early, danger = (start_plan() for _ in range(3))
    checkins.check_in(plan=late, feeling="worse", at=now - timedelta(hours=1))
    checkins.check_in(plan=early, feeling="worse", at=now - timedelta(hours=2))
    checkins.check_in(plan=danger, feeling="same", pain=1, red_flags=["a fever"], at=now)
    assert on_list(people.make_person("Booking coordinator")) == [
        danger.appointment,
        early.appointment,
        late.appointment,
    ]
    assert worklists.WORKLISTS[0].key == "alarms"


def test_alarms_are_limited_to_visible_appointments():
    plan = start_plan()
    alarm = checkins.check_in(plan=plan, feeling="worse")
    desk = people.make_person()
    desk.user_permissions.set(Permission.objects.filter(codename__in=["view_appointment", "add_appointment"]))
    for person in [desk, people.make_person("Administrator"), people.make_person("Clinician")]:
        assert (on_list(person), list(checkins.alarms_of(person))) == ([], [])
        with pytest.raises(UserFacingError, match="You cannot deal with this"):
            checkins.acknowledge(check_in=alarm, by=person, note="Called")
    assert on_list(plan.started_by) == [plan.appointment]
    assert CheckIn.objects.alarms().count() == 1


def test_follow_ups_are_on_a_worklist_from_six_weeks_before_until_booked():
    coordinator = people.make_person("Booking coordinator")
    plan = start_plan()
    follow_ups = worklists.BY_KEY["follow-ups"]
    assert list(follow_ups.find(coordinator)) == [plan.appointment]
    plan.follow_ups.update(day=timezone.localdate() + timedelta(days=60))
    assert list(follow_ups.find(coordinator)) == []
    assert list(follow_ups.find(coordinator, timezone.now() + timedelta(days=20))) == [plan.appointment]
    plan.follow_ups.update(appointment=make_appointment())
    assert list(follow_ups.find(coordinator, timezone.now() + timedelta(days=20))) == []


def test_pain_is_drawn_oldest_first_and_a_missing_number_is_no_zero():
    plan, now = start_plan(), timezone.now()
    for hours, pain in enumerate([2, None, 7]):
        checkins.check_in(plan=plan, feeling="worse", pain=pain, at=now + timedelta(hours=hours))
    chart = checkins.pain_chart(list(plan.check_ins.all()))
    assert [shown for _, shown in chart.rows] == ["2", "no number", "7"]
    assert (chart.highest, len(chart.marks)) == ("10", 2)


def test_of_concurrent_acknowledgements_the_first_is_kept(committed):
    plan = start_plan()
    people_there = [make_carer("add_appointment") for _ in range(2)]
    for _ in range(3):
        alarm = checkins.check_in(plan=plan, feeling="worse")
        steps = [
            partial(checkins.acknowledge, check_in=alarm, by=person, note=f"By {person}") for person in people_there
        ]
        outcomes = at_once(*steps)
        alarm.refresh_from_db()
        (refusal,) = [outcome for outcome in outcomes if outcome]
        assert f"{alarm.acknowledged_by} has dealt with this already" in str(refusal)
        assert alarm.acknowledged_note == f"By {alarm.acknowledged_by}"
    assert AuditEntry.objects.filter(detail="Check-in dealt with").count() == 3


def test_a_double_click_is_one_check_in(committed):
    plan = start_plan()
    step = partial(checkins.check_in, plan=plan, feeling="worse", pain=5)
    assert len({made.pk for made in at_once(step, step, step)}) == 1
