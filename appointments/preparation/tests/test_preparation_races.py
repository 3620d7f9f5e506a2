"""Two windows of one patient at once: nothing that was written is lost, no list grows too long; and the control."""

import threading
from functools import partial

from appointments.models import Appointment, Question
from appointments.preparation.rows import MAX_ROWS, add_row, add_rows, change_row, fingerprint_of, move_row, remove_row
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.tests import racing

ROUNDS = 3
WINDOWS = 4
at_once = partial(racing.at_once, refused=UserFacingError)


def fill(appointment: Appointment, count: int) -> list[Question]:
    rows = [{"text": f"{number}?"} for number in range(count)]
    add_rows(appointment=appointment, model=Question, rows=rows)
    return list(Question.objects.filter(appointment=appointment))


def add(appointment: Appointment, text: str) -> None:
    add_row(appointment=appointment, model=Question, values={"text": text})


def test_concurrent_additions_do_not_exceed_the_limit_of_a_list(committed):
    for _ in range(ROUNDS):
        appointment = make_appointment()
        fill(appointment, MAX_ROWS - 1)
        steps = [partial(add, appointment, f"window {number}") for number in range(WINDOWS)]
        refusals = [outcome for outcome in at_once(*steps) if outcome]
        assert len(refusals) == WINDOWS - 1
        assert Question.objects.filter(appointment=appointment).count() == MAX_ROWS


def test_without_the_lock_the_list_would_grow_too_long(committed):
    """The control: a look at how many there are, and then one more."""
    appointment = make_appointment()
    fill(appointment, MAX_ROWS - 1)
    all_have_looked = threading.Barrier(WINDOWS)

    def look_and_add(number: int) -> None:
        there = Question.objects.filter(appointment=appointment).count()
        all_have_looked.wait(timeout=30)
        if there < MAX_ROWS:
            Question.objects.create(appointment=appointment, text=f"window {number}", position=there)

    at_once(*[partial(look_and_add, number) for number in range(WINDOWS)])
    assert Question.objects.filter(appointment=appointment).count() == MAX_ROWS - 1 + WINDOWS


def test_concurrent_moves_leave_every_row_a_position_of_its_own(committed):
    for _ in range(ROUNDS):
        appointment = make_appointment()
        first, second, *_, last = fill(appointment, 5)
        at_once(
            partial(move_row, appointment=appointment, row=last, up=True),
            partial(move_row, appointment=appointment, row=first, up=False),
            partial(remove_row, appointment=appointment, row=second),
            partial(add, appointment, "new?"),
        )
        rows = list(Question.objects.filter(appointment=appointment))
        assert {row.text for row in rows} == {"0?", "2?", "3?", "4?", "new?"}
        assert len({row.position for row in rows}) == len(rows)


def test_of_two_concurrent_changes_of_a_row_the_second_is_refused(committed):
    for _ in range(ROUNDS):
        appointment = make_appointment()
        (row,) = fill(appointment, 1)
        seen = fingerprint_of(row)
        change = partial(change_row, appointment=appointment, row=row, seen=seen)
        outcomes = at_once(partial(change, values={"text": "one"}), partial(change, values={"text": "two"}))
        (winner,) = [text for text, outcome in zip(["one", "two"], outcomes, strict=True) if outcome is None]
        row.refresh_from_db()
        assert row.text == winner
