"""What a patient typed while something went wrong: a refused page, a time that ran out, answers that have gone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from appointments.booking import booking, drafts
from appointments.choices import Mode
from appointments.models import Appointment, Draft
from appointments.tests.factories import make_draft, make_hours, make_slot, make_type
from appointments.tests.journeys import ANSWERS, BOOK, answer, book, come_to, free, problems, seen, slots_on, title_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def slot():
    return make_slot(hours=make_hours(types=[make_type(name="Second opinion")]))


@pytest.fixture
def other_slot(slot):
    return make_slot(hours=slot.hours)


@pytest.mark.parametrize("step", list(ANSWERS)[1:])
def test_who_comes_after_their_answers_have_gone_is_told_so(client, slot, step):
    come_to(client, step)
    Draft.objects.update(touched_at=timezone.now() - drafts.LASTS)
    late = [client.get(f"{BOOK}{step}/"), client.get(f"{BOOK}done/"), client.post(f"{BOOK}{step}/", ANSWERS[step])]
    del client.cookies[drafts.COOKIE]  # the browser takes it away on that day too
    late += [client.post(f"{BOOK}{step}/", ANSWERS[step]), client.get(f"{BOOK}done/")]
    assert {page.headers["Location"] for page in late} == {f"{BOOK}?gone=yes"}
    assert "What you booked stays booked" in problems(client.get(f"{BOOK}?gone=yes"))
    assert problems(client.get(BOOK)) == ""


def test_a_held_time_is_shown_and_is_kept_longer_with_what_was_typed(client, slot):
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
def test_between_the_end_of_a_hold_and_the_loss_of_the_time_a_page_does_not_say_that_it_is_kept(client, slot, step):
    come_to(client, "check")
    assert "We keep <strong>" in client.get(f"{BOOK}{step}/").text
    Appointment.objects.update(held_until=timezone.now())
    page = client.get(f"{BOOK}{step}/").text
    assert "Now it may go to somebody else." in page
    assert "We keep <strong>" not in page
    assert ('name="keep"' in page) == (step != "time")


@pytest.mark.parametrize("step", ["who", "you", "needs", "why", "consent", "check"])
def test_who_keeps_a_time_that_they_have_lost_is_led_to_the_others_with_what_they_typed(client, slot, step):
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
    assert Draft.objects.get().details == before.details
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
    refused = answer(client, "why", reason="x" * (drafts.LONGEST + 1))
    assert "x" * (drafts.LONGEST + 1) in refused.text
    assert drafts.UNSENT not in Draft.objects.get().answers


def test_the_loser_of_a_race_keeps_the_answers_and_sees_other_times(client, slot, other_slot):
    come_to(client, "time")
    booking.hold(draft=make_draft(), slot=slot, appointment_type=slot.hours.types.get(), mode=Mode.VIDEO)
    lost = answer(client, "time", slot=slot.pk)
    assert problems(lost).startswith("That time has gone Somebody else has just taken that time.")
    assert set(slots_on(lost)) == {str(other_slot.pk)}
    assert Draft.objects.exclude(answers={}).get().answers["how"]["mode"] == "video"


@pytest.mark.parametrize("step", ["who", "you", "needs", "why", "consent", "check"])
def test_a_time_that_runs_out_while_somebody_writes_costs_no_answer(client, slot, other_slot, step):
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
