"""Recovery for staff: each role sees the least that it needs, and each look is audited."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appointments.models import Appointment, AuditEntry, CheckIn, FollowUp, RecoveryPlan
from appointments.recovery import checkins, plans
from appointments.recovery.staff_forms import PlanForm
from appointments.recovery.tests.makers import BASE, make_guidance, seen_patient, start_plan
from appointments.tests.factories import make_slot
from calcsite.tests import people

pytestmark = pytest.mark.django_db

MEDICAL = ["Canary", "Paracetamol", "It throbs", "The first days"]


def address(appointment: Appointment, step: str = "") -> str:
    return f"{BASE}{appointment.pk}/recovery/{step}"


@pytest.fixture
def coordinator() -> User:
    return people.make_person("Booking coordinator", username="bea")


@pytest.fixture
def plan() -> RecoveryPlan:
    """With an alarm on it."""
    make_guidance(title="The first days")
    plan = start_plan(seen_patient(telephone="01632 960 007"), note="Canary", what="Canary")
    checkins.check_in(plan=plan, feeling="worse", pain=8, note="It throbs", red_flags=["you shiver"])
    return plan


def owner_of(appointment: Appointment) -> Client:
    return people.client_of(Appointment.objects.get(pk=appointment.pk).slot.clinician.user)


def rows(prefix: str, *given: dict) -> dict:
    numbered = {f"{prefix}-{n}-{name}": value for n, row in enumerate(given) for name, value in row.items()}
    initial = sum("id" in row for row in given)
    return numbered | {f"{prefix}-TOTAL_FORMS": len(given), f"{prefix}-INITIAL_FORMS": initial}


def written(**fields) -> dict:
    base = {"first_day": "2026-11-02", "telephone": "Team, 01632 960 005", "seek_help": "you shiver"}
    return base | rows("medicines") | rows("follow_ups") | rows("guidance") | fields


def seen_of(plan: RecoveryPlan) -> str:
    """The signed state of a plan, as its form has it."""
    return PlanForm.sign(plans.fingerprint_of(RecoveryPlan.objects.get(pk=plan.pk)))


def test_a_clinician_starts_a_plan_with_the_ticked_guidance():
    appointment = seen_patient()
    ticked, unticked = make_guidance(title="For you"), make_guidance(title="Not for you")
    desk = owner_of(appointment)
    assert "Start a recovery plan" in desk.get(address(appointment)).text
    assert "What do they recover from?" in desk.get(address(appointment, "start/")).text
    step = address(appointment, "start/") + "?treatment=operation"
    page = desk.get(step).text
    assert page.count("No clinician has reviewed these words.") == 2
    assert page.count("checked") == 2
    given = written(note="Take care", guidance=[ticked.pk])
    given |= rows("medicines", {"name": "Paracetamol", "dose": "one", "until": "", "note": ""})
    given |= rows("follow_ups", {"day": "2026-12-01", "what": "A talk"})
    wrong = desk.post(step, given | {"telephone": "", "last_day": "2026-11-01"}).text
    expected = ["This field is required.", "The last day is before", "Take care", 'value="Paracetamol"']
    assert [words for words in expected if words not in wrong] == []
    assert wrong.count("checked") == 1
    assert desk.post(step, given).status_code == 302
    plan = appointment.recovery_plan
    assert [each.title for each in plan.guidance.all()] == ["For you"]
    assert (plan.medicines.get().name, plan.follow_ups.get().what, plan.treatment) == (
        "Paracetamol",
        "A talk",
        "operation",
    )
    assert unticked.copies.count() == 0
    assert "already" in desk.post(step, given).text


@pytest.mark.parametrize("day", ["0206-11-02", "9999-12-31"])
def test_a_mistyped_year_is_refused(plan, day):
    """With such a day neither the patient's page nor their calendar could count."""
    follow_up = plan.follow_ups.get()
    wrong = [{"first_day": day}, {"last_day": day}, rows("follow_ups", {"id": follow_up.pk, "day": day, "what": "A"})]
    for fields in wrong:
        given = written(seen=seen_of(plan)) | fields
        assert (
            "Look at the year again."
            in owner_of(plan.appointment).post(address(plan.appointment, "change/"), given).text
        )


def test_a_clinician_changes_a_plan_and_its_rows_and_ends_it(plan):
    desk = owner_of(plan.appointment)
    medicine, follow_up, guidance = plan.medicines.get(), plan.follow_ups.get(), plan.guidance.get()
    assert 'value="Paracetamol"' in desk.get(address(plan.appointment, "change/")).text
    given = written(note="New advice", seen=seen_of(plan))
    given |= rows("medicines", {"id": medicine.pk, "name": "Paracetamol", "dose": "none", "DELETE": "on"})
    given |= rows("follow_ups", {"id": follow_up.pk, "day": "2026-12-24", "what": "Sooner"})
    own = {"title": "My own words", "text": "Sing.", "first_day": "1", "last_day": "", "position": "0"}
    changed = {"id": guidance.pk, "title": "Reworded", "text": "Rest.", "first_day": "0", "position": "0"}
    given |= rows("guidance", changed, own)
    assert desk.post(address(plan.appointment, "change/"), given).status_code == 302
    plan.refresh_from_db()
    assert (plan.note, plan.medicines.count(), plan.follow_ups.get().what) == ("New advice", 0, "Sooner")
    assert [(each.title, each.version) for each in plan.guidance.all()] == [("Reworded", 1), ("My own words", 0)]
    assert desk.get(address(plan.appointment, "end/")).status_code == 200
    assert desk.post(address(plan.appointment, "end/")).status_code == 302
    plan.refresh_from_db()
    assert plan.ended_at is not None
    again = written(seen=seen_of(plan))
    assert "This recovery plan has ended." in desk.post(address(plan.appointment, "change/"), again).text


def test_the_clinician_reads_the_plan_and_the_line_and_each_look_is_on_record(plan):
    desk = owner_of(plan.appointment)
    for _ in range(5):
        page = desk.get(address(plan.appointment)).text
    assert [words for words in [*MEDICAL, "you shiver", '<svg viewBox="'] if words not in page] == []
    looks = AuditEntry.objects.filter(action="read", appointment=plan.appointment, by=plan.started_by)
    assert looks.count() == 5


def test_booking_staff_see_the_alarm_and_no_plan(plan, coordinator):
    desk = people.client_of(coordinator)
    alarm = plan.check_ins.get()
    pages = [address(plan.appointment), f"{BASE}work/alarms/", address(plan.appointment, f"check-in/{alarm.pk}/")]
    for page in pages:
        text = desk.get(page).text
        assert [
            words for words in ["Kim Example", "01632 960 007", "feels worse", "you shiver"] if words not in text
        ] == []
        assert [words for words in MEDICAL if words in text] == []
    looks = AuditEntry.objects.filter(by=coordinator, appointment=plan.appointment)
    assert sorted(looks.values_list("action", flat=True)) == ["listed", "read", "read"]
    for step in ["start/?treatment=operation", "change/", "end/"]:
        assert desk.get(address(plan.appointment, step)).status_code == 404


def test_an_alarm_is_first_on_the_desk_and_leaves_with_a_note_and_a_name(plan, coordinator):
    desk = people.client_of(coordinator)
    front = desk.get("/admin/").text
    first = front.partition("To do now")[2].partition("</li>")[0]
    assert "Telephone now: worse, or a sign of danger" in first
    alarm = plan.check_ins.get()
    step = address(plan.appointment, f"check-in/{alarm.pk}/")
    assert "Write what you have done." in desk.post(step, {"note": " "}).text
    assert CheckIn.objects.alarms().count() == 1
    assert desk.post(step, {"note": "Comes in at 3"}).status_code == 302
    assert "Nobody." in desk.get(f"{BASE}work/alarms/").text
    late = owner_of(plan.appointment).post(step, {"note": "I called too"}).text
    assert "bea has dealt with it" in late
    assert "Comes in at 3" in owner_of(plan.appointment).get(address(plan.appointment)).text


def test_numbers_to_call_are_telephone_links(plan, coordinator):
    desk, alarm = people.client_of(coordinator), plan.check_ins.get()
    for screen in [
        f"{BASE}work/alarms/",
        address(plan.appointment),
        address(plan.appointment, f"check-in/{alarm.pk}/"),
    ]:
        assert '<a href="tel:01632960007">01632 960 007</a>' in desk.get(screen).text, screen


def test_rows_of_another_patient_are_not_reached_through_ones_own(plan, coordinator):
    other = start_plan()
    desk = people.client_of(coordinator)
    alarm, follow_up = plan.check_ins.get(), plan.follow_ups.get()
    for step in [f"check-in/{alarm.pk}/", f"follow-up/{follow_up.pk}/"]:
        assert desk.get(address(other.appointment, step)).status_code == 404


def test_a_follow_up_is_booked_from_the_plan(plan, coordinator):
    desk = people.client_of(coordinator)
    follow_up = plan.follow_ups.get()
    assert "Kim Example" in desk.get(f"{BASE}work/follow-ups/").text
    assert f'<a href="{address(plan.appointment)}">Kim Example' in desk.get(f"{BASE}work/follow-ups/").text
    assert "Book it" in desk.get(address(plan.appointment)).text
    step = address(plan.appointment, f"follow-up/{follow_up.pk}/")
    day = timezone.now().replace(minute=0) + timedelta(days=15)
    free = make_slot(hours=plan.appointment.slot.hours, starts=day)
    early = make_slot(hours=plan.appointment.slot.hours, starts=day - timedelta(days=7))
    page = desk.get(step).text
    assert (f'id="slot-{free.pk}"' in page, f'id="slot-{early.pk}"' in page) == (True, False)
    assert "A second opinion is advice." in page  # the consent, which they read to the patient
    assert "Without their consent nothing can be booked." in desk.post(step, {"slot": free.pk}).text
    assert desk.post(step, {"slot": free.pk, "agreed": "on"}).url == address(plan.appointment)
    follow_up.refresh_from_db()
    assert (follow_up.appointment.slot, follow_up.appointment.booked_by) == (free, "staff")
    assert AuditEntry.objects.get(action="booked", appointment=follow_up.appointment).by == coordinator
    assert "Nobody." in desk.get(f"{BASE}work/follow-ups/").text
    assert owner_of(plan.appointment).get(step).status_code == 403


def test_the_screens_take_as_many_queries_with_thirty_as_with_one(plan, coordinator, django_assert_num_queries):
    desk, own = people.client_of(coordinator), owner_of(plan.appointment)
    counted = {}
    for client, page in [(desk, f"{BASE}work/alarms/"), (own, address(plan.appointment))]:
        client.get(page)
        with CaptureQueriesContext(connection) as found:
            client.get(page)
        counted[page] = len(found)
    for day in range(1, 30):
        checkins.check_in(plan=plan, feeling="worse", pain=1, at=timezone.now() - timedelta(days=day))
        FollowUp.objects.create(plan=plan, day=timezone.localdate(), what="A talk")
    for _ in range(3):
        checkins.check_in(plan=start_plan(), feeling="worse", pain=1)
    for client, page in [(desk, f"{BASE}work/alarms/"), (own, address(plan.appointment))]:
        with django_assert_num_queries(counted[page]):
            client.get(page)


def test_alarms_of_an_ended_plan_can_be_acknowledged(plan, coordinator):
    plans.end_plan(plan=plan, by=plan.started_by)
    desk = people.client_of(coordinator)
    step = address(plan.appointment, f"check-in/{plan.check_ins.get().pk}/")
    assert desk.post(step, {"note": "Called"}).status_code == 302
    assert CheckIn.objects.alarms().count() == 0
