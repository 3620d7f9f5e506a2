"""Messages on the pages of a patient's preparation after an action, and texts that appear only once."""

import pytest

from appointments.preparation.lists import LISTS, SINGLES
from appointments.preparation.tests.makers import ROWS, make_preparing, write
from appointments.preparation.tests.test_preparation_pages import row_of, words_of
from appointments.tests.clients import come_in_with_code, seen_in, url

pytestmark = pytest.mark.django_db


def test_the_title_has_the_progress_for_screen_readers():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    task = appointment.tasks.first()
    page = client.post(url("mark", task.pk), {"status": "done"}, follow=True)
    title = page.text.partition("<title>")[2].partition(" – ")[0].strip()
    assert title == "Get ready for your appointment: 1 of 9 done"


@pytest.mark.parametrize("tool", ["questions", "symptoms", "options"])
def test_the_hint_about_the_order_needs_two_rows(tool):
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    write(appointment, word="first")
    assert "If not, move it up." not in words_of(client.get(url(tool)))
    write(appointment, word="second")
    assert "If not, move it up." in words_of(client.get(url(tool)))


@pytest.mark.parametrize("tool", [*ROWS, "referral"])
def test_the_purpose_of_a_tool_is_shown_only_without_a_task(tool):
    kept = LISTS[tool] if tool in LISTS else SINGLES[tool]
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    assert kept.purpose not in words_of(client.get(url(tool)))
    appointment.tasks.all().delete()
    assert kept.purpose in words_of(client.get(url(tool)))


@pytest.mark.parametrize("tool", ROWS)
def test_the_question_before_a_removal_has_a_way_back(tool):
    appointment = make_preparing()
    write(appointment)
    client = come_in_with_code(appointment)
    page = client.get(url(f"{tool}_remove", row_of(appointment, tool).pk)).text
    assert f'<a href="{url(tool)}">Keep it</a>' in page


def test_a_redirect_with_a_message_has_no_fragment():
    appointment = make_preparing()
    write(appointment)
    client, row = come_in_with_code(appointment), row_of(appointment, "questions")
    seen = seen_in(client.get(url("questions_change", row.pk)))
    saved = client.post(url("questions_change", row.pk), {"text": "Does it hurt?", "seen": seen})
    assert saved["Location"] == url("questions")
    refused = client.post(url("mark", appointment.tasks.first().pk), {"status": "nonsense"})
    assert refused["Location"] == url("preparation")
