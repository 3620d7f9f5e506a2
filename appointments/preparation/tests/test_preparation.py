"""The verbs of a patient's preparation: stored, refused and unchanged data."""

import pytest
from django.utils import timezone

from appointments.choices import Status, TaskStatus, Tool
from appointments.governance import legal_holds
from appointments.models import (
    Appointment,
    AuditEntry,
    Document,
    DocumentRequest,
    HistoryEntry,
    Medicine,
    PreparationTask,
    Question,
    Referral,
)
from appointments.preparation import tasks as preparation
from appointments.preparation.pack import pack_of
from appointments.preparation.rows import (
    MAX_ROWS,
    add_row,
    add_rows,
    change_row,
    fingerprint_of,
    instruct,
    keep,
    move_row,
    remove_row,
    take_back_instruction,
)
from appointments.preparation.tasks import Progress
from appointments.preparation.tests.makers import make_preparing, write
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError
from calcsite.tests.people import make_person
from conditions.tests.factories import make_live

pytestmark = pytest.mark.django_db


def ask(appointment: Appointment, *texts: str) -> list[Question]:
    rows = [{"text": text} for text in texts]
    add_rows(appointment=appointment, model=Question, rows=rows)
    return list(Question.objects.filter(appointment=appointment))


def texts(appointment: Appointment) -> list[str]:
    return [question.text for question in Question.objects.filter(appointment=appointment)]


def status_of(appointment: Appointment, tool: Tool) -> str:
    return PreparationTask.objects.get(appointment=appointment, tool=tool).status


def test_rows_come_at_the_end_and_the_same_one_comes_once():
    appointment = make_appointment()
    ask(appointment, "One?", "Two?")
    ask(appointment, "Three?", "One?")
    add_row(appointment=appointment, model=Question, values={"text": "Three?"})
    assert texts(appointment) == ["One?", "Two?", "Three?"]


def test_under_a_legal_hold_nothing_is_taken_off_a_list():
    appointment, staff = make_appointment(), make_person()
    (question,) = ask(appointment, "One?")
    words = {"test": "Scan", "text": "Eat nothing."}
    instruction = instruct(appointment=appointment, values=words, by=staff)
    hold = legal_holds.place(appointment=appointment, why="A claim", by=staff)
    with pytest.raises(UserFacingError, match="We have to keep this for now."):
        remove_row(appointment=appointment, row=question)
    with pytest.raises(UserFacingError, match="We have to keep this for now."):
        take_back_instruction(appointment=appointment, instruction=instruction, by=staff)
    legal_holds.end(hold=hold, by=staff)
    remove_row(appointment=appointment, row=question)
    take_back_instruction(appointment=appointment, instruction=instruction, by=staff)
    assert (texts(appointment), list(appointment.testinstruction_set.all())) == ([], [])


def test_a_row_goes_up_and_down_by_one_and_not_off_the_list():
    appointment = make_appointment()
    first, second, third = ask(appointment, "1", "2", "3")
    move_row(appointment=appointment, row=third, up=True)
    assert texts(appointment) == ["1", "3", "2"]
    move_row(appointment=appointment, row=first, up=False)
    assert texts(appointment) == ["3", "1", "2"]
    move_row(appointment=appointment, row=third, up=True)
    move_row(appointment=appointment, row=second, up=False)
    assert texts(appointment) == ["3", "1", "2"]


def test_rows_that_share_a_position_can_be_moved_too():
    appointment = make_appointment()
    ask(appointment, "1", "2", "3")
    Question.objects.update(position=0)
    move_row(appointment=appointment, row=Question.objects.get(text="2"), up=True)
    assert texts(appointment) == ["2", "1", "3"]


def test_rows_beyond_the_limit_of_a_list_are_refused_all_or_none():
    appointment = make_appointment()
    ask(appointment, *map(str, range(MAX_ROWS - 1)))
    with pytest.raises(UserFacingError, match="50"):
        ask(appointment, "one more", "and another")
    assert len(texts(appointment)) == MAX_ROWS - 1
    ask(appointment, "one more")
    assert len(texts(appointment)) == MAX_ROWS
    add_row(appointment=appointment, model=Medicine, values={"name": "On another list"})
    ask(make_appointment(), "On the list of somebody else")


def test_nothing_of_another_appointment_can_be_changed():
    mine, other = make_preparing(), make_preparing()
    theirs = ask(other, "Theirs", "Too")[1]
    task = other.tasks.first()
    verbs = [
        lambda: change_row(appointment=mine, row=theirs, values={"text": "Mine"}),
        lambda: remove_row(appointment=mine, row=theirs),
        lambda: move_row(appointment=mine, row=theirs, up=True),
        lambda: preparation.mark(appointment=mine, task=task, status="done"),
    ]
    for verb in verbs:
        with pytest.raises(UserFacingError, match="not on your list"):
            verb()
    assert texts(other) == ["Theirs", "Too"]
    assert status_of(other, task.tool) == TaskStatus.TO_DO


def test_a_stale_change_of_a_row_is_refused():
    appointment = make_appointment()
    (row,) = ask(appointment, "As the page showed it")
    seen = fingerprint_of(row)
    change_row(appointment=appointment, row=row, values={"text": "First window"}, seen=seen)
    with pytest.raises(StaleError):
        change_row(appointment=appointment, row=row, values={"text": "Second window"}, seen=seen)
    assert texts(appointment) == ["First window"]
    keep(appointment=appointment, model=Referral, values={"status": "have"}, seen=fingerprint_of(None))
    with pytest.raises(StaleError):
        keep(appointment=appointment, model=Referral, values={"status": "none"}, seen=fingerprint_of(None))
    assert Referral.objects.get(appointment=appointment).status == "have"


def test_moving_a_row_does_not_make_its_change_stale():
    appointment = make_appointment()
    row = ask(appointment, "1", "2")[1]
    seen = fingerprint_of(row)
    move_row(appointment=appointment, row=row, up=True)
    change_row(appointment=appointment, row=row, values={"text": "two"}, seen=seen)
    assert texts(appointment) == ["two", "1"]


def test_a_question_that_was_answered_stays_as_it_was_asked():
    appointment = make_appointment()
    answered, open_one = ask(appointment, "Answered?", "Open?")
    Question.objects.filter(pk=answered.pk).update(outcome="answered", answer="Yes.")
    for verb in (remove_row, lambda **row: change_row(values={"text": "Else?"}, **row)):
        with pytest.raises(UserFacingError, match="dealt with"):
            verb(appointment=appointment, row=answered)
    remove_row(appointment=appointment, row=open_one)
    assert texts(appointment) == ["Answered?"]


def test_writing_a_row_starts_its_task_and_keeps_other_marks():
    appointment = make_preparing()
    ask(appointment, "One?")
    assert status_of(appointment, Tool.QUESTIONS) == TaskStatus.STARTED
    preparation.mark(
        appointment=appointment, task=appointment.tasks.get(tool=Tool.QUESTIONS), status=TaskStatus.NOT_NEEDED
    )
    ask(appointment, "Two?")
    assert status_of(appointment, Tool.QUESTIONS) == TaskStatus.NOT_NEEDED
    assert status_of(appointment, Tool.MEDICINES) == TaskStatus.TO_DO


def test_an_unknown_status_of_a_task_is_refused():
    appointment = make_preparing()
    with pytest.raises(UserFacingError, match="Choose one"):
        preparation.mark(appointment=appointment, task=appointment.tasks.first(), status="perfect")


def test_progress_counts_the_tasks_that_apply():
    marked = [TaskStatus.DONE, TaskStatus.STARTED, TaskStatus.TO_DO, TaskStatus.NOT_NEEDED]
    tasks = [PreparationTask(status=status) for status in marked]
    assert preparation.progress(tasks) == Progress(done=1, of=3, not_needed=1)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.MISSED, Status.CANCELLED])
def test_the_preparation_is_read_only_after_the_appointment(status):
    appointment = make_preparing()
    (row,) = ask(appointment, "Written before?")
    Appointment.objects.filter(pk=appointment.pk).update(status=status, cancelled_at=timezone.now())
    verbs = [
        lambda: ask(appointment, "Later?"),
        lambda: change_row(appointment=appointment, row=row, values={"text": "Later?"}),
        lambda: remove_row(appointment=appointment, row=row),
        lambda: move_row(appointment=appointment, row=row, up=True),
        lambda: keep(appointment=appointment, model=Referral, values={"status": "none"}),
        lambda: preparation.mark(appointment=appointment, task=appointment.tasks.first(), status="done"),
        lambda: instruct(appointment=appointment, values={}, by=make_person()),
    ]
    for verb in verbs:
        with pytest.raises(UserFacingError, match="is over"):
            verb()
    assert texts(appointment) == ["Written before?"]
    assert not Referral.objects.exists()


def test_new_instructions_reopen_the_task_and_are_on_record():
    appointment, nurse = make_preparing(), make_person()
    preparation.mark(appointment=appointment, task=appointment.tasks.get(tool=Tool.TESTS), status=TaskStatus.DONE)
    values = {"test": "A blood test", "text": "Eat nothing from midnight."}
    instruction = instruct(appointment=appointment, values=values, by=nurse)
    assert status_of(appointment, Tool.TESTS) == TaskStatus.TO_DO
    take_back_instruction(appointment=appointment, instruction=instruction, by=nurse)
    assert not appointment.testinstruction_set.exists()
    entries = AuditEntry.objects.filter(appointment=appointment, by=nurse, action="changed")
    assert entries.count() == 2
    assert "midnight" not in "".join(entries.values_list("detail", flat=True))


def test_a_pack_has_all_entries_and_needs_no_more_queries_for_thirty_rows(django_assert_num_queries):
    few, many = (make_preparing(condition=make_live(name=f"Canaryitis {number}")) for number in range(2))
    write(few)
    write(many, rows=30)
    for number, appointment in ((1, few), (30, many)):
        for place in range(number):
            Document.objects.create(
                appointment=appointment, kind="pdf", name=f"scan {place}", size=1, sha256=f"{place}", file="somewhere"
            )
            DocumentRequest.objects.create(appointment=appointment, what=f"A report {place}")
        appointment = Appointment.objects.select_related("slot__clinician", "slot__location").get(pk=appointment.pk)
        with django_assert_num_queries(12):
            pack = pack_of(appointment)
            assert pack.marked[Tool.QUESTIONS] == "Started"
        assert pack.about.startswith("Canaryitis")
        lists = [pack.symptoms, pack.questions, pack.medicines, pack.options, pack.tests, pack.documents, pack.missing]
        assert [len(rows) for rows in lists] == [number] * 7
        assert [(label, len(rows)) for label, rows in pack.history if rows] == [("Allergies", number)]
        assert (pack.referral.status, pack.specialist.note.strip()) == ("asked", "Near me")


def test_history_is_grouped_by_kind_with_allergies_first():
    appointment = make_appointment()
    for kind in HistoryEntry.Kind:
        values = {"kind": kind, "what": f"An example of {kind}"}
        add_row(appointment=appointment, model=HistoryEntry, values=values)
    told = pack_of(appointment).history
    assert [(label, rows[0].kind) for label, rows in told] == [
        ("Allergies", "allergy"),
        ("Illnesses and diagnoses", "illness"),
        ("Operations", "operation"),
        ("In the family", "family"),
    ]
