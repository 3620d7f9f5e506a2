"""What the pages of a patient's preparation say once something is done, and what they say only once."""

import pytest

from appointments.preparation.lists import LISTS, SINGLES
from appointments.preparation.tests.test_preparation_pages import row_of, words_of
from appointments.tests.preparing import ROWS, make_preparing, write
from appointments.tests.visiting import come_in_with_code, seen_in, url

pytestmark = pytest.mark.django_db


def test_the_title_says_how_far_it_is_as_nothing_else_is_read_out_after_a_click():
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    task = appointment.tasks.first()
    page = client.post(url("mark", task.pk), {"status": "done"}, follow=True)
    title = page.text.partition("<title>")[2].partition(" – ")[0].strip()
    assert title == "Get ready for your appointment: 1 of 9 done"


@pytest.mark.parametrize("tool", ["questions", "symptoms", "options"])
def test_how_to_put_a_list_in_order_is_said_where_there_is_an_order_to_change(tool):
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    write(appointment, word="first")
    assert "If not, move it up." not in words_of(client.get(url(tool)))
    write(appointment, word="second")
    assert "If not, move it up." in words_of(client.get(url(tool)))


@pytest.mark.parametrize("tool", [*ROWS, "referral"])
def test_a_task_says_what_it_is_for_and_the_page_says_it_only_without_one(tool):
    kept = LISTS[tool] if tool in LISTS else SINGLES[tool]
    appointment = make_preparing()
    client = come_in_with_code(appointment)
    assert kept.purpose not in words_of(client.get(url(tool)))
    appointment.tasks.all().delete()
    assert kept.purpose in words_of(client.get(url(tool)))


@pytest.mark.parametrize("tool", ROWS)
def test_who_is_asked_whether_to_remove_something_can_keep_it(tool):
    appointment = make_preparing()
    write(appointment)
    client = come_in_with_code(appointment)
    page = client.get(url(f"{tool}_remove", row_of(appointment, tool).pk)).text
    assert f'<a href="{url(tool)}">Keep it</a>' in page


def test_what_is_told_gets_the_focus_which_an_address_with_a_part_in_it_would_take():
    appointment = make_preparing()
    write(appointment)
    client, row = come_in_with_code(appointment), row_of(appointment, "questions")
    seen = seen_in(client.get(url("questions_change", row.pk)))
    saved = client.post(url("questions_change", row.pk), {"text": "Does it hurt?", "seen": seen})
    assert saved["Location"] == url("questions")
    refused = client.post(url("mark", appointment.tasks.first().pk), {"status": "nonsense"})
    assert refused["Location"] == url("preparation")
