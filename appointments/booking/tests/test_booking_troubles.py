"""Lost holds and drafts: refused pages, holds that run out, withdrawn slots and expired drafts cost no answer."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from appointments.booking import booking, drafts
from appointments.choices import Mode, Status
from appointments.models import Appointment, AppointmentType, Clinician, Draft, Message, Slot
from appointments.models.hours import slot_still_suits
from appointments.tests.clients import ANSWERS, BOOK, answer, book, come_to, free, problems, seen, slots_on, title_of
from appointments.tests.factories import PATIENT, make_draft, make_hours, make_slot, make_type

pytestmark = pytest.mark.django_db
WITHDRAWALS = {
    "the day is closed": lambda: Slot.objects.update(is_covered=False),
    "nobody new is seen": lambda: Clinician.objects.update(is_accepting=False),
    "only staff book the kind": lambda: AppointmentType.objects.update(bookable_by_patients=False),
    "the kind is not by video": lambda: AppointmentType.objects.update(video=False),
    "the time is not by video": lambda: Slot.objects.update(video=False),
    "the hours are for another kind": lambda: Slot.objects.get().hours.types.set([make_type()]),
}


@pytest.fixture
def slot():
    return make_slot(hours=make_hours(types=[make_type(name="Second opinion")]))


@pytest.fixture
def other_slot(slot):
    return make_slot(hours=slot.hours)


@pytest.mark.parametrize("step", list(ANSWERS)[1:])
def test_a_page_sent_after_the_draft_expired_shows_a_message(client, slot, step):
    come_to(client, step)
    Draft.objects.update(touched_at=timezone.now() - drafts.LASTS)
    late = [client.get(f"{BOOK}{step}/"), client.get(f"{BOOK}done/"), client.post(f"{BOOK}{step}/", ANSWERS[step])]
    del client.cookies[drafts.COOKIE]  # the browser takes it away on that day too
    late += [client.post(f"{BOOK}{step}/", ANSWERS[step]), client.get(f"{BOOK}done/")]
    assert {page.headers["Location"] for page in late} == {f"{BOOK}?gone=yes"}
    assert "What you booked stays booked" in problems(client.get(f"{BOOK}?gone=yes"))
    assert problems(client.get(BOOK)) == ""


def test_a_hold_is_shown_and_extended_and_the_typed_values_stay(client, slot):
    come_to(client, "you")
    assert not free(slot)
    Appointment.objects.update(held_until=timezone.now() + timedelta(minutes=1))
    kept = seen(client, client.post(f"{BOOK}you/", {"name": "Half a na", "date_of_birth_day": "7", "keep": "yes"}))
    page = kept.content.decode()
    assert "We keep <strong>" in page
    assert 'value="Half a na"' in page
    assert 'value="7"' in page
    assert problems(kept).startswith("We keep ")
    assert "Error: " not in title_of(kept)
    assert problems(client.get(f"{BOOK}you/")) == ""
    assert 'value="Half a na"' in client.get(f"{BOOK}you/").text
    assert Appointment.objects.get().held_until > timezone.now() + booking.HOLD - timedelta(minutes=1)


def test_a_time_that_cannot_be_kept_any_longer_says_so(client, slot):
    come_to(client, "check")
    now = timezone.now()
    Appointment.objects.update(created_at=now - booking.LONGEST_HOLD, held_until=now)
    page = seen(client, client.post(f"{BOOK}check/", {"keep": "yes"}))
    assert "any longer" in problems(page)
    assert f'<a href="{BOOK}time/">choose a time again</a>' in page.text
    assert 'name="keep"' not in page.text


@pytest.mark.parametrize("step", ["time", "you", "check"])
def test_a_page_does_not_claim_that_a_run_out_hold_is_kept(client, slot, step):
    come_to(client, "check")
    assert "We keep <strong>" in client.get(f"{BOOK}{step}/").text
    Appointment.objects.update(held_until=timezone.now())
    page = client.get(f"{BOOK}{step}/").text
    assert "Now it may go to somebody else." in page
    assert "We keep <strong>" not in page
    assert ('name="keep"' in page) == (step != "time")


@pytest.mark.parametrize("step", ["who", "you", "needs", "why", "consent", "check"])
def test_extending_a_lost_hold_leads_to_the_times_and_keeps_the_typed_values(client, slot, step):
    come_to(client, step)
    booking.release(draft=Draft.objects.get())
    kept = client.post(f"{BOOK}{step}/", ANSWERS[step] | {"keep": "yes"}, follow=True)
    assert kept.request["PATH_INFO"] == f"{BOOK}time/"
    assert "We no longer keep your time" in problems(kept)
    if step == "why":
        answer(client, "time")
        assert ANSWERS["why"]["reason"] in client.get(f"{BOOK}why/").text


def test_a_page_that_was_refused_keeps_its_words_until_it_is_answered(client, slot):
    come_to(client, "why")
    before = Draft.objects.get()
    refused = client.post(f"{BOOK}why/", {"reason": "", "findings": "A CT\0 in May."})
    assert refused.headers["Location"] == f"{BOOK}why/"
    assert refused.cookies[drafts.COOKIE]["max-age"] == 24 * 60 * 60
    assert Draft.objects.get().touched_at > before.touched_at
    for _ in range(2):
        page = client.get(f"{BOOK}why/")
        assert problems(page).startswith("There is a problem Write what you would like to know.")
        assert " in May." in page.text
    answers = Draft.objects.get().answers
    assert {name: answers[name] for name in before.answers} == before.answers
    assert answer(client, "why").headers["Location"] == f"{BOOK}consent/"
    page = client.get(f"{BOOK}why/")
    assert (problems(page), ANSWERS["why"]["reason"] in page.text, " in May." in page.text) == ("", True, False)
    assert drafts.UNSENT not in Draft.objects.get().answers


def test_a_change_that_was_refused_leaves_the_answer_as_it_was(client, slot):
    come_to(client, "check")
    assert "There is a problem" in problems(answer(client, "you", email="kim"))
    assert "kim@home.example" in client.get(f"{BOOK}check/").text
    answer(client, "check")
    assert (Appointment.objects.get().email, Draft.objects.get().answers) == ("kim@home.example", {})


def test_pages_that_were_refused_keep_their_words_apart(client, slot):
    come_to(client, "check")
    answer(client, "you", email="kim")
    answer(client, "why", reason="")
    answer(client, "why")
    assert "There is a problem" in problems(client.get(f"{BOOK}you/"))


def test_a_first_page_that_was_sent_empty_begins_nothing(client, slot):
    refused = client.post(f"{BOOK}about/", {})
    assert "Choose a condition" in problems(seen(client, refused))
    assert (Draft.objects.count(), drafts.COOKIE in client.cookies) == (0, False)
    book(client)
    assert "Choose a condition" in problems(answer(client, "about", condition=""))
    assert "Your appointment is booked" in client.get(f"{BOOK}done/").text


def test_more_than_a_page_can_take_is_shown_again_and_not_kept(client, slot):
    come_to(client, "why")
    refused = answer(client, "why", reason="x" * (drafts.MAX_INPUT_CHARACTERS + 1))
    assert "x" * (drafts.MAX_INPUT_CHARACTERS + 1) in refused.text
    assert drafts.UNSENT not in Draft.objects.get().answers


def test_the_loser_of_a_race_keeps_the_answers_and_sees_other_times(client, slot, other_slot):
    come_to(client, "time")
    booking.hold(draft=make_draft(), slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    lost = answer(client, "time", slot=slot.pk)
    assert problems(lost).startswith("That time has gone Somebody else has just taken that time.")
    assert set(slots_on(lost)) == {str(other_slot.pk)}
    assert Draft.objects.exclude(answers={}).get().answers["how"]["mode"] == "video"


@pytest.mark.parametrize("step", ["who", "you", "needs", "why", "consent", "check"])
def test_a_hold_that_runs_out_during_a_page_costs_no_answer(client, slot, other_slot, step):
    come_to(client, step)
    Appointment.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    booking.hold(draft=make_draft(), slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    late = answer(client, step)
    assert late.headers["Location"] == f"{BOOK}time/"
    assert problems(client.get(f"{BOOK}time/")).startswith("We no longer keep your time")
    for elsewhere in ({"zone": "Asia/Tokyo"}, {"from": f"{timezone.localdate()}"}):
        assert problems(client.get(f"{BOOK}time/", elsewhere)) == ""
    following = answer(client, "time", slot=other_slot.pk).headers["Location"]
    steps = list(ANSWERS)
    assert following == f"{BOOK}{'check' if step == 'check' else steps[steps.index(step) + 1]}/"


@pytest.mark.parametrize("withdraw", WITHDRAWALS.values(), ids=WITHDRAWALS)
@pytest.mark.parametrize("step", [booking.extend, lambda draft: booking.book(draft=draft, details=PATIENT)])
def test_a_time_that_was_withdrawn_is_neither_kept_nor_booked(slot, withdraw, step):
    draft = make_draft(answers={"why": {"reason": "Kept"}})
    booking.hold(draft=draft, slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    draft.refresh_from_db()
    withdraw()
    with pytest.raises(booking.WithdrawnError, match="your answers are kept"):
        step(draft=draft)
    assert not Appointment.objects.exists()
    assert not Message.objects.exists()
    draft.refresh_from_db()
    assert (draft.appointment, draft.answers) == (None, {"why": {"reason": "Kept"}})


def test_a_time_that_has_passed_is_neither_kept_nor_booked(slot):
    draft, begun = make_draft(), slot.starts + timedelta(seconds=1)
    booking.hold(
        draft=draft,
        slot=slot,
        appointment_type=slot.hours.types.get(),
        mode=Mode.VIDEO,
        at=begun - timedelta(hours=24.1),
    )
    Appointment.objects.update(created_at=begun - timedelta(hours=1))
    with pytest.raises(booking.WithdrawnError):
        booking.extend(draft=draft, at=begun)
    draft.refresh_from_db()
    assert draft.appointment is None


@pytest.mark.parametrize("posted", [{}, {"keep": "yes"}], ids=["book", "keep"])
def test_on_the_last_page_a_patient_is_told_and_chooses_again(client: Client, slot, posted):
    other = make_slot(hours=slot.hours, starts=slot.starts + timedelta(days=1))
    come_to(client, "check", time={"slot": slot.pk})
    Slot.objects.filter(pk=slot.pk).update(is_covered=False)
    assert answer(client, "check", **posted).headers["Location"] == f"{BOOK}time/"
    assert "Your answers are kept" in problems(client.get(f"{BOOK}time/"))
    assert not Message.objects.exists()
    assert answer(client, "time", slot=other.pk).headers["Location"] == f"{BOOK}check/"
    answer(client, "check")
    assert Appointment.objects.get(status=Status.BOOKED).slot == other


def test_a_withdrawn_slot_is_told_on_other_pages_too(client: Client, slot):
    come_to(client, "why")
    Slot.objects.update(is_covered=False)
    client.post(f"{BOOK}why/", {"keep": "yes", "reason": "Typed"})
    assert Draft.objects.get().appointment is None


def test_a_time_that_staff_withdraw_is_not_booked_by_others_of_the_staff(slot, admin_user):
    """The statement that writes the row has the condition, so an earlier read does not matter."""
    held = Appointment.objects.create(
        slot=slot,
        appointment_type=slot.hours.types.get(),
        mode=Mode.VIDEO,
        held_until=slot.starts,
        created_at=slot.starts,
    )
    AppointmentType.objects.update(bookable_by_patients=False)
    rows = Appointment.objects.filter(pk=held.pk)
    before = slot.starts - timedelta(days=1)
    assert rows.filter(slot_still_suits(held.mode, by_staff=True)).exists()
    Slot.objects.update(is_covered=False)
    assert not rows.filter(slot_still_suits(held.mode, by_staff=True)).exists()
    asked = {
        "slot": slot,
        "appointment_type": held.appointment_type,
        "mode": Mode.VIDEO,
        "details": PATIENT,
        "by": admin_user,
    }
    with pytest.raises(booking.TimeTakenError):
        booking.book_for_patient(**asked, at=before)
