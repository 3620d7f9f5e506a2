"""Follow-ups booked by patients: prefilled answers, the result, and refusals."""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from time import sleep

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, drafts, limits, steps
from appointments.choices import Mode
from appointments.models import Appointment, AppointmentType, Clinician, Draft, FollowUp, RecoveryPlan, Slot
from appointments.privacy import erasure, export
from appointments.recovery import follow_ups, plans
from appointments.recovery.tests.makers import make_carer, seen_patient, start_plan
from appointments.tests import clients
from appointments.tests.clients import BOOK, answer, come_in, come_in_with_code, slots_on, url
from appointments.tests.factories import PATIENT, make_appointment, make_draft, make_hours, make_slot
from appointments.tests.mailbox import deliver, token_in
from calcsite.errors import UserFacingError
from calcsite.tests import people, racing
from conditions.publishing import publishing
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db

KNOWN = {
    "name": "Kim Example",
    "date_of_birth": date(1980, 3, 31),
    "email": "kim@home.example",
    "telephone": "01632 960 001",
    "booked_by": "carer",
    "carer_name": "Sam Example",
    "carer_relation": "son",
    "language": "Français",
    "needs_interpreter": True,
    "needs": "No steps.\nLarge print.",
}
ABOUT_HEALTH = {"reason": "Canary reason", "findings": "Canary findings"}
TAKEN = "What you book here is another appointment"


@pytest.fixture
def plan() -> RecoveryPlan:
    return start_plan(seen_patient(**KNOWN, **ABOUT_HEALTH, time_zone="Europe/Paris"))


@pytest.fixture
def wanted(plan) -> FollowUp:
    return plan.follow_ups.get()


@pytest.fixture
def patient(plan) -> Client:
    return come_in_with_code(plan.appointment)


def slot_on(day: date, plan: RecoveryPlan) -> Slot:
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    return make_slot(hours=plan.appointment.slot.hours, starts=noon + (day - timezone.localdate()))


def press(client: Client, wanted: FollowUp, **sent: str) -> HttpResponse:
    return client.post(url("follow_up", wanted.pk), sent)


def finish(client: Client) -> HttpResponse:
    """Answer the open questions: mode, time, reason, and consent. Returns the response to the last button."""
    for step in ("how", "time", "why", "consent"):
        assert answer(client, step).status_code == 302, step
    return answer(client, "check")


def test_a_patient_books_a_follow_up_and_types_nothing_twice(plan, wanted, patient):
    slot = slot_on(wanted.day, plan)
    page = patient.get(url("recovery")).text
    assert 'Choose a time<span class="visually-hidden"> for A talk with Dr Example</span>' in page
    assert press(patient, wanted).url == f"{BOOK}how/"
    assert finish(patient).url == f"{BOOK}done/?follow_up=yes"
    wanted.refresh_from_db()
    made = wanted.appointment
    assert {name: getattr(made, name) for name in KNOWN} == KNOWN
    assert (made.slot, made.appointment_type) == (slot, plan.appointment.appointment_type)
    assert (made.reason, made.findings) == (clients.ANSWERS["why"]["reason"], "")
    assert (made.consent_version, made.status, made.condition) == ("2026-11", "booked", None)
    draft = Draft.objects.get(appointment=made)
    assert (draft.follow_up, draft.answers) == (None, {})
    confirmation = patient.get(f"{BOOK}done/?follow_up=yes").text
    assert ("Back to your recovery plan" in confirmation, "two appointments" in confirmation) == (True, False)


def test_the_plan_shows_the_booking_and_its_link_works(plan, wanted, patient):
    slot_on(wanted.day, plan)
    deliver()
    press(patient, wanted)
    finish(patient)
    page = patient.get(url("recovery")).text
    assert ("It is booked." in page, "Choose a time<" in page) == (True, False)
    (confirmation,) = deliver()
    assert confirmation.to == ["kim@home.example"]
    visitor = Client()
    visitor.post(url("open"), {"token": token_in(confirmation)})
    wanted.refresh_from_db()
    assert wanted.appointment.spoken_reference in visitor.get(url("home")).text
    booking.cancel(appointment=wanted.appointment)
    assert "Choose a time<" in patient.get(url("recovery")).text


def test_the_last_mode_is_suggested_and_all_details_can_be_changed(plan, wanted, patient):
    slot = slot_on(wanted.day, plan)
    press(patient, wanted)
    page = patient.get(f"{BOOK}how/").text
    assert re.findall(r'value="([^"]*)"[^>]* checked', page) == ["video", slot.clinician.slug]
    for step in ("how", "time", "why", "consent"):
        answer(patient, step, **({"clinician": slot.clinician.slug} if step == "how" else {}))
    shown = patient.get(f"{BOOK}check/").text
    for words in ["Sam Example", "Français", "31 March 1980", "01632 960 001", "Large print."]:
        assert words in shown
    you = patient.get(f"{BOOK}you/").text
    for part, value in [("day", 31), ("month", 3), ("year", 1980)]:
        assert f'name="date_of_birth_{part}"' in you
        assert f'value="{value}"' in you
    assert answer(patient, "you", name="Kim Changed").url == f"{BOOK}check/"
    assert answer(patient, "who").url == f"{BOOK}check/"
    answer(patient, "check")
    made = FollowUp.objects.get().appointment
    assert (made.name, made.booked_by, made.carer_name, made.language) == ("Kim Changed", "patient", "", "Français")


def test_times_begin_around_the_day_that_was_arranged(plan, wanted, patient):
    early, right = slot_on(wanted.day - timedelta(days=4), plan), slot_on(wanted.day + timedelta(days=1), plan)
    press(patient, wanted)
    answer(patient, "how")
    page = patient.get(f"{BOOK}time/")
    assert slots_on(page) == [str(right.pk)] * 2
    assert '<option value="Europe/Paris" selected>' in page.text
    assert "We no longer keep your time" not in page.text
    assert f'value="{early.pk}"' in patient.get(f"{BOOK}time/?from={timezone.localdate().isoformat()}").text


def test_the_condition_is_kept_when_its_page_is_withdrawn(plan, wanted, patient):
    condition = make_live(name="Gout")
    Appointment.objects.filter(pk=plan.appointment_id).update(condition=condition)
    press(patient, wanted)
    assert 'value="gout"' in patient.get(f"{BOOK}about/").text
    publishing.withdraw(condition=condition, by=None, reason="For a test.")
    slot_on(wanted.day, plan)
    finish(patient)
    assert FollowUp.objects.get().appointment.condition == condition


def test_a_mode_that_is_not_offered_any_more_is_not_suggested(plan, wanted, patient):
    slot = slot_on(wanted.day, plan)
    Clinician.objects.filter(pk=slot.clinician_id).update(is_accepting=False)
    AppointmentType.objects.filter(pk=plan.appointment.appointment_type_id).update(video=False)
    press(patient, wanted)
    draft = Draft.objects.get(follow_up=wanted)
    assert drafts.unsent(draft, "how")["typed"] == {}
    assert patient.get(f"{BOOK}how/").status_code == 200


def test_missing_details_are_asked_for_and_known_ones_filled_in(wanted, patient, plan):
    Appointment.objects.filter(pk=plan.appointment_id).update(
        booked_by="staff", carer_name="", carer_relation="", email="", date_of_birth=None
    )
    slot_on(wanted.day, plan)
    press(patient, wanted)
    answer(patient, "how")
    assert answer(patient, "time").url == f"{BOOK}you/"
    page = patient.get(f"{BOOK}you/")
    assert 'value="Kim Example"' in page.text
    assert clients.problems(page) == ""
    assert answer(patient, "you").url == f"{BOOK}why/"


def test_pressed_again_it_continues_the_draft(wanted, patient):
    press(patient, wanted)
    assert press(patient, wanted).url == f"{BOOK}how/"
    assert "Carry on where I was" in patient.get(url("follow_up", wanted.pk)).text
    assert Draft.objects.filter(follow_up=wanted).count() == 1


def test_a_draft_for_another_booking_is_discarded_only_by_choice(plan, wanted, patient):
    held = slot_on(wanted.day, plan)
    clients.come_to(patient, "who", about={"condition": "not-sure"})
    answered = press(patient, wanted)
    assert answered.url == url("follow_up", wanted.pk)
    page = patient.get(answered.url).text
    assert "You have begun to book something else on this device" in page
    assert "we let go of that time" in page
    assert not clients.free(held)
    assert f'href="{BOOK}who/"' in page
    assert press(patient, wanted, instead="yes").url == f"{BOOK}how/"
    assert clients.free(held)
    assert Draft.objects.exclude(follow_up=None).count() == 1


def test_an_earlier_booking_in_this_browser_does_not_interfere(plan, wanted, patient):
    make_slot(hours=plan.appointment.slot.hours)
    clients.book(patient)
    slot_on(wanted.day, plan)
    assert press(patient, wanted).url == f"{BOOK}how/"
    finish(patient)
    assert Appointment.objects.filter(status="booked").count() == 3
    assert FollowUp.objects.get().appointment is not None


def test_the_limit_of_begun_drafts_applies(wanted, patient):
    for _ in range(limits.BEGIN[1]):
        answer(Client(), "about")
    assert press(patient, wanted).url == f"{BOOK}too-many/?of=begun"
    assert not Draft.objects.filter(follow_up=wanted).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_follow_up_needs_its_patients_link_code_and_plan(method, wanted, patient):
    theirs = start_plan(seen_patient(name="Canary")).follow_ups.get()
    answers = [getattr(patient, method)(url("follow_up", pk)) for pk in (theirs.pk, 987654, 10**30)]
    assert {found.status_code for found in answers} == {404}
    assert len({found.content for found in answers}) == 1
    stranger, without_code = Client(), come_in(wanted.plan.appointment)
    assert getattr(stranger, method)(url("follow_up", wanted.pk)).content == stranger.get(url("home")).content
    assert getattr(without_code, method)(url("follow_up", wanted.pk)).url.startswith(url("confirm"))
    no_plan = come_in_with_code(make_appointment())
    page = getattr(no_plan, method)(url("follow_up", wanted.pk))
    assert "There is no plan for you yet" in page.text
    assert not Draft.objects.exclude(follow_up=None).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_ended_plan_and_a_booked_follow_up_say_so(method, plan, wanted, patient):
    FollowUp.objects.update(appointment=make_appointment())
    said = getattr(patient, method)(url("follow_up", wanted.pk), follow=True).text
    assert "This follow-up is booked already." in said
    FollowUp.objects.update(appointment=None)
    plans.end_plan(plan=plan, by=plan.started_by)
    said = getattr(patient, method)(url("follow_up", wanted.pk), follow=True).text
    assert "This recovery plan has ended." in said
    assert "Choose a time<" not in said
    assert not Draft.objects.exclude(follow_up=None).exists()


def test_a_follow_up_booked_by_staff_leaves_an_ordinary_booking(plan, wanted, patient):
    slot_on(wanted.day, plan)
    press(patient, wanted)
    for step in ("how", "time", "why", "consent"):
        answer(patient, step)
    assert TAKEN not in patient.get(f"{BOOK}check/").text
    staffs = make_appointment()
    FollowUp.objects.update(appointment=staffs)
    assert TAKEN in patient.get(f"{BOOK}check/").text
    assert answer(patient, "check").url == f"{BOOK}done/?follow_up=besides"
    assert "So you have two appointments now." in patient.get(f"{BOOK}done/?follow_up=besides").text
    assert FollowUp.objects.get().appointment == staffs
    assert Appointment.objects.filter(name="Kim Example", consent_version="2026-11").count() == 1


def test_leaving_a_shared_computer_forgets_the_draft(plan, wanted, patient):
    slot = slot_on(wanted.day, plan)
    press(patient, wanted)
    answer(patient, "how")
    answer(patient, "time")
    assert "What you answered is deleted here" in patient.post(url("close")).text
    assert (Draft.objects.filter(follow_up=wanted).exists(), clients.free(slot)) == (False, True)
    assert "Kim Example" not in patient.get(f"{BOOK}you/", follow=True).text
    clients.come_to(patient, "time")
    assert "What you answered is deleted here" not in patient.post(url("close")).text
    assert Draft.objects.exclude(answers={}).exists()


def test_a_follow_up_that_staff_take_away_leaves_an_ordinary_booking(plan, wanted, patient):
    slot_on(wanted.day, plan)
    press(patient, wanted)
    plans.change_plan(plan=plan, removed=[wanted], by=plan.started_by)
    assert finish(patient).url == f"{BOOK}done/"
    assert Appointment.objects.filter(name="Kim Example", consent_version="2026-11").count() == 1


def hold(draft: Draft, slot: Slot) -> Draft:
    booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    return Draft.objects.get(pk=draft.pk)


def test_of_staff_and_patient_at_once_one_books_the_follow_up(committed):
    staff, hours = make_carer("add_appointment"), make_hours()
    at_once = partial(racing.at_once, refused=UserFacingError)
    for _ in range(8):
        wanted = start_plan(seen_patient(slot=make_slot(hours=hours))).follow_ups.get()
        draft = hold(follow_ups.begin(follow_up=wanted)[0], make_slot(hours=hours))
        agreed = {"consent_version": "2026-11", "consented_at": timezone.now()}
        asked = {"appointment_type": hours.types.get(), "mode": Mode.VIDEO}
        book = partial(plans.book_follow_up, slot=make_slot(hours=hours), **asked)
        theirs, mine = at_once(
            partial(book, follow_up=wanted, agreed=agreed, by=staff),
            partial(booking.book, draft=draft, details=PATIENT),
        )
        wanted.refresh_from_db()
        is_patients = steps.is_follow_up(draft, mine)
        assert wanted.appointment == (mine if is_patients else theirs)
        assert str(theirs) == "This follow-up is booked already." if is_patients else theirs.pk
        assert mine.status == "booked"


def test_of_two_drafts_at_once_one_books_the_follow_up(committed):
    hours = make_hours()
    for _ in range(5):
        wanted = start_plan(seen_patient(slot=make_slot(hours=hours))).follow_ups.get()
        held = [hold(follow_ups.begin(follow_up=wanted)[0], make_slot(hours=hours)) for _ in range(2)]
        made = racing.at_once(*[partial(booking.book, draft=draft, details=PATIENT) for draft in held])
        assert [steps.is_follow_up(*each) for each in zip(held, made, strict=True)].count(True) == 1


def one_before_the_other(first: Callable[[], object], second: Callable[[], object], **options) -> list[object]:
    """Two concurrent steps: the second begins when the first has written and not committed."""
    is_done = threading.Event()

    def keep() -> object:
        with transaction.atomic():
            done = first()
            is_done.set()
            sleep(0.4)  # in which the other reaches the first one's lock
            return done

    def follow() -> object:
        is_done.wait(timeout=30)
        return second()

    return racing.at_once(keep, follow, **options)


def ready_to_book() -> tuple[FollowUp, Draft]:
    hours = make_hours()
    wanted = start_plan(seen_patient(slot=make_slot(hours=hours))).follow_ups.get()
    return wanted, hold(follow_ups.begin(follow_up=wanted)[0], make_slot(hours=hours))


def test_a_booking_after_that_of_staff_does_not_take_the_follow_up(committed):
    wanted, draft = ready_to_book()
    staffs = make_appointment()

    def book_as_staff() -> None:
        plans.locked(wanted.plan)
        FollowUp.objects.filter(pk=wanted.pk).update(appointment=staffs)

    _, mine = one_before_the_other(book_as_staff, partial(booking.book, draft=draft, details=PATIENT))
    assert FollowUp.objects.get().appointment == staffs
    assert (mine.status, steps.is_follow_up(draft, mine)) == ("booked", False)


def test_an_erasure_waits_for_a_new_draft_and_deletes_it(committed):
    wanted = start_plan().follow_ups.get()
    erase = partial(erasure.erase, appointment=wanted.plan.appointment)
    one_before_the_other(partial(follow_ups.begin, follow_up=wanted), erase)
    connection.check_constraints()
    assert (Draft.objects.exclude(answers={}).exists(), FollowUp.objects.exists()) == (False, False)


def test_an_erasure_and_a_booking_do_not_deadlock(committed):
    wanted, draft = ready_to_book()
    is_locked = threading.Event()

    def book() -> Appointment:
        with transaction.atomic():
            plans.locked(wanted.plan)  # as `booking.book` does, which then comes to the draft
            is_locked.set()
            sleep(0.4)
            return booking.book(draft=draft, details=PATIENT)

    def erase() -> None:
        is_locked.wait(timeout=30)
        erasure.erase(appointment=wanted.plan.appointment)

    mine, _ = racing.at_once(book, erase)
    assert mine.status == "booked"
    assert not FollowUp.objects.exists()


def test_a_draft_is_in_the_download_and_deleted_by_an_erasure(plan, wanted, patient):
    press(patient, wanted)
    draft = Draft.objects.get(follow_up=wanted)
    other = make_draft(answers={"you": {"name": "Somebody else"}})
    package = zipfile.ZipFile(io.BytesIO(b"".join(export.download(appointment=plan.appointment))))
    found = json.loads(package.read("data.json"))["appointments.draft"]
    assert [row["answers"]["you"]["name"] for row in found if row["follow_up"]] == ["Kim Example"]
    erasure.erase(appointment=plan.appointment, by=people.make_person())
    assert not Draft.objects.filter(pk=draft.pk).exists()
    assert Draft.objects.filter(pk=other.pk).exists()
