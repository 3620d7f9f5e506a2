"""Changes of the checklist and the guidance: versions, reviews, and patients with unsafe copies."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import TaskStatus
from appointments.guidance import versions
from appointments.guidance.tests.makers import NEW, OLD, make_guidance, make_item, make_plan_copy
from appointments.models import AuditEntry, ChecklistItem, Message, PlanGuidance, PreparationTask, RecoveryGuidance
from appointments.preparation import tasks
from appointments.tests.factories import make_appointment
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError
from calcsite.tests import people
from calcsite.tests.racing import at_once
from conditions.tests.factories import make_live, make_reviewer

pytestmark = pytest.mark.django_db

KINDS = pytest.mark.parametrize("make", [make_item, make_guidance], ids=["checklist", "recovery"])
COPIES = {ChecklistItem: PreparationTask, RecoveryGuidance: PlanGuidance}


@pytest.fixture
def editor():
    return people.make_person("Editor")


def held(item):
    """A patient's copy of an item."""
    if isinstance(item, RecoveryGuidance):
        return make_plan_copy(item)
    return make_appointment().tasks.get(source=item)


def change(item, by, **fields) -> None:
    is_safety_change = fields.pop("is_safety_change", False)
    for name, value in fields.items():
        setattr(item, name, value)
    versions.save(item=item, by=by, is_safety_change=is_safety_change)


def values(rows) -> list[dict]:
    return list(rows.order_by("pk").values())


@KINDS
def test_changing_or_deleting_an_item_changes_no_copy(make, editor):
    item = make()
    copy = held(item)
    rows = type(copy).objects.filter(pk=copy.pk)
    before = values(rows)
    change(item, editor, text=NEW, title="Another title", position=9)
    change(item, editor, text="And again.", is_safety_change=True)
    assert values(rows) == before
    item.delete()
    assert values(rows) == [before[0] | {"source_id": None}]


def test_a_new_booking_gets_the_words_of_today(editor):
    item = make_item()
    old = make_appointment()
    change(item, editor, text=NEW)
    assert [task.text for task in old.tasks.all()] == [OLD]
    assert [(task.text, task.version) for task in make_appointment().tasks.all()] == [(NEW, 2)]


@KINDS
def test_changed_words_are_a_new_unreviewed_version(make, editor):
    item = make()
    seen = versions.fingerprint_of(item)
    versions.review(item=item, seen=seen, by=make_reviewer(name="Ada Reader", credentials="MD"))
    item.refresh_from_db()
    assert (item.reviewer, item.version) == ("Ada Reader, MD", 1)
    change(item, editor, text=NEW)
    stored = type(item).objects.get()
    assert (stored.text, stored.version, stored.safe_from, stored.changed_by) == (NEW, 2, 1, editor)
    assert (stored.reviewed_by, stored.reviewed_at, stored.reviewer) == (None, None, "")


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (make_item, {"title": "Other"}),
        (make_item, {"days_before": 3}),
        (make_item, {"tool": "options"}),
        (make_guidance, {"dont": "Nothing"}),
        (make_guidance, {"do": "Something"}),
        (make_guidance, {"normal": "All"}),
        (make_guidance, {"last_day": 3}),
        (make_guidance, {"first_day": 1}),
        (make_guidance, {"treatment": "operation"}),
    ],
)
def test_a_change_of_each_field_of_the_words_makes_a_version(make, fields, editor):
    item = make()
    change(item, editor, **fields)
    stored = type(item).objects.get()
    assert (stored.version, {name: getattr(stored, name) for name in fields}) == (2, fields)


def test_a_new_condition_makes_a_version_and_a_new_position_does_not(editor):
    item = make_item()
    change(item, editor, position=7)
    assert (item.version, item.position, item.changed_by) == (1, 7, None)
    change(item, editor, condition=make_live())
    assert item.version == 2


@KINDS
def test_of_two_people_who_change_the_same_words_the_second_is_refused(make, editor):
    item = make()
    first, second = type(item).objects.get(), type(item).objects.get()
    change(first, editor, text=NEW)
    with pytest.raises(StaleError, match="Somebody else"):
        change(second, people.make_person("Editor"), text="Mine.", is_safety_change=True)
    stored = type(item).objects.get()
    assert (stored.text, stored.version, stored.safe_from) == (NEW, 2, 1)


def test_the_author_of_the_words_cannot_review_them():
    author = make_reviewer(name="Ada Author")
    item = make_item()
    change(item, author, text=NEW)
    seen = versions.fingerprint_of(item)
    with pytest.raises(UserFacingError, match="Somebody else has to read"):
        versions.review(item=item, seen=seen, by=author)
    versions.review(item=item, seen=seen, by=make_reviewer(name="Bo Reader"))
    assert ChecklistItem.objects.get().reviewer == "Bo Reader, MD"


def test_a_stale_review_and_one_without_a_name_are_refused(editor):
    item = make_item()
    seen = versions.fingerprint_of(item)
    change(item, editor, text=NEW)
    with pytest.raises(StaleError, match="changed after you opened"):
        versions.review(item=item, seen=seen, by=make_reviewer())
    seen = versions.fingerprint_of(item)
    with pytest.raises(UserFacingError, match="name"):
        versions.review(item=item, seen=seen, by=people.make_person("Clinical reviewer"))
    assert ChecklistItem.objects.get().reviewed_at is None


@KINDS
def test_a_safety_change_finds_exactly_the_unsafe_copies(make, editor):
    item, other = make(), make(title="Another")
    held(other)
    held(item)
    change(item, editor, title="A better title")
    assert not versions.holders(item).exists()
    held(item)
    with_old_words = set(versions.copies(item))
    change(item, editor, text=NEW, is_safety_change=True)
    held(item)
    assert len(with_old_words) >= 2
    assert set(versions.holders(item)) == with_old_words
    assert not versions.holders(other).exists()


def test_words_that_were_changed_before_can_be_called_unsafe_afterwards(editor):
    item = make_item()
    task = held(item)
    change(item, editor, text=NEW)
    change(item, editor, is_safety_change=True)
    assert (item.version, item.safe_from) == (2, 2)
    assert list(versions.holders(item)) == [task]


def test_copies_are_not_in_use_after_the_appointment_or_plan(editor):
    item, rest = make_item(), make_guidance()
    cancelled = make_appointment()
    booking.cancel(appointment=cancelled, by=editor)
    task = held(item)
    yesterday = timezone.localdate() - timedelta(days=1)
    make_plan_copy(rest, appointment=cancelled, ended_at=timezone.now())
    make_plan_copy(rest, last_day=yesterday)
    running = make_plan_copy(rest, last_day=timezone.localdate())
    for each in (item, rest):
        change(each, editor, text=NEW, is_safety_change=True)
    assert task in versions.holders(item)
    assert cancelled not in {found.appointment for found in versions.holders(item)}
    assert list(versions.holders(rest)) == [running]
    assert not versions.holders(item, at=timezone.now() + timedelta(days=400)).exists()


@KINDS
def test_a_patient_gets_the_new_words_and_a_message_without_anything_medical(make, editor):
    item = make()
    copy, coordinator = held(item), people.make_person("Booking coordinator")
    change(item, editor, text=NEW, is_safety_change=True)
    versions.replace(copy=copy, by=coordinator, tell=True)
    copy.refresh_from_db()
    assert (copy.text, copy.version) == (NEW, 2)
    assert not versions.holders(item).exists()
    said = Message.objects.get(kind=Message.Kind.STAFF).text
    assert "do not follow the words that were there before" in said
    assert [word for word in ("fast", "Eat", "Rest", item.title) if word in said] == []
    actions = AuditEntry.objects.filter(by=coordinator).values_list("action", flat=True)
    assert sorted(actions) == ["changed", "messaged"]


def test_a_task_done_by_unsafe_words_is_to_do_again(editor):
    item = make_item()
    done, not_needed = held(item), held(item)
    tasks.mark(appointment=done.appointment, task=done, status=TaskStatus.DONE)
    tasks.mark(appointment=not_needed.appointment, task=not_needed, status=TaskStatus.NOT_NEEDED)
    change(item, editor, text=NEW, is_safety_change=True)
    for task in (done, not_needed):
        versions.replace(copy=task, by=editor, tell=False)
        task.refresh_from_db()
    assert (done.status, not_needed.status) == (TaskStatus.TO_DO, TaskStatus.NOT_NEEDED)


def test_a_second_press_replaces_and_tells_nothing_more(editor):
    item = make_item()
    task = held(item)
    change(item, editor, text=NEW, is_safety_change=True)
    versions.replace(copy=task, by=editor, tell=True)
    with pytest.raises(UserFacingError, match="already"):
        versions.replace(copy=task, by=editor, tell=True)
    assert Message.objects.filter(kind=Message.Kind.STAFF).count() == 1


def test_without_an_address_a_copy_is_replaced_only_without_a_message(editor):
    item = make_item()
    task = make_appointment(email="").tasks.get()
    change(item, editor, text=NEW, is_safety_change=True)
    with pytest.raises(UserFacingError, match="Telephone"):
        versions.replace(copy=task, by=editor, tell=True)
    assert list(versions.holders(item)) == [task]
    versions.replace(copy=task, by=editor, tell=False)
    assert not versions.holders(item).exists()


def test_of_two_concurrent_saves_of_an_item_one_is_refused(committed):
    stored, editor = make_item(), people.make_person()
    copies = [ChecklistItem.objects.get(pk=stored.pk) for _ in range(2)]
    for number, item in enumerate(copies):
        item.text = f"By {number}."
    saves = [partial(versions.save, item=item, by=editor) for item in copies]
    refused = [found for found in at_once(*saves, refused=UserFacingError) if isinstance(found, UserFacingError)]
    assert (len(refused), ChecklistItem.objects.get().version) == (1, 2)
