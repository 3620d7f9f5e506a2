"""Staff who write and review the checklist and the guidance, and reach the patients with unsafe copies."""

import pytest
from django.test import Client

from appointments.guidance import versions
from appointments.guidance.forms import ReviewForm
from appointments.guidance.tests.makers import NEW, OLD, make_guidance, make_item, make_plan_copy
from appointments.models import AuditEntry, ChecklistItem, Message, PreparationTask, QuestionPrompt, RecoveryGuidance
from appointments.tests.factories import make_appointment
from calcsite.tests import people
from conditions.tests.factories import make_live
from conditions.tests.forms import filled_in

pytestmark = pytest.mark.django_db

ITEM = "/admin/appointments/checklistitem/"
GUIDANCE = "/admin/appointments/recoveryguidance/"
NAME = "Kim Example"
QUERIES, LIST_QUERIES = 11, 10


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def save(client: Client, path: str, **changes):
    """Fill in the form of a page as it is shown, with some fields changed, and send it."""
    return client.post(path, filled_in(client, path) | changes)


def seen_of(item: ChecklistItem) -> str:
    """The signed state of an item, as the form of its review has it."""
    return ReviewForm.sign(versions.fingerprint_of(item))


@pytest.fixture
def unsafe() -> ChecklistItem:
    """An item that one patient holds in words that must no longer be followed."""
    item = make_item()
    make_appointment()
    item.text = NEW
    versions.save(item=item, by=people.make_person("Editor"), is_safety_change=True)
    return item


def test_an_editor_adds_an_item_for_one_condition():
    gout, client = make_live(name="Gout", slug="gout"), people.client_with_roles("Editor", username="ed")
    answer = save(client, f"{ITEM}add/", condition=gout.pk, title="Drink", text="Water.", tool="tests", days_before=1)
    assert answer.status_code == 302
    made = ChecklistItem.objects.get()
    assert (made.condition, made.version, made.safe_from, made.changed_by.username) == (gout, 1, 1, "ed")


def test_saving_changed_words_raises_the_version_and_saving_none_does_not():
    item, client = make_item(text="One.\n\nTwo."), people.client_with_roles("Editor")
    assert save(client, f"{ITEM}{item.pk}/change/").status_code == 302
    item.refresh_from_db()
    assert item.version == 1
    save(client, f"{ITEM}{item.pk}/change/", text=NEW)
    item.refresh_from_db()
    assert (item.version, item.safe_from) == (2, 1)


def test_of_two_open_forms_the_second_is_refused():
    item, client = make_item(), people.client_with_roles("Editor")
    path = f"{ITEM}{item.pk}/change/"
    late = filled_in(client, path) | {"text": "Mine."}
    save(client, path, text=NEW)
    answer = client.post(path, late)
    assert "somebody else saved" in answer.content.decode()
    assert ChecklistItem.objects.get().text == NEW


def test_a_safety_change_redirects_to_the_unsafe_copies():
    item = make_item()
    make_appointment()
    answer = save(people.client_with_roles("Editor"), f"{ITEM}{item.pk}/change/", text=NEW, is_safety_change="on")
    assert answer.url == f"{ITEM}{item.pk}/holders/"
    assert ChecklistItem.objects.get().safe_from == 2


def test_without_access_to_patients_only_the_number_of_copies_is_shown(unsafe):
    for group in ("Editor", "Clinical reviewer", "Administrator"):
        shown = page(people.client_with_roles(group), f"{ITEM}{unsafe.pk}/holders/")
        assert NAME not in shown
        assert "1  patient" in shown or "1 patient" in shown
        assert "Ask the booking coordinator" in shown
    assert not AuditEntry.objects.filter(action="listed").exists()


def test_a_coordinator_sees_the_patients_with_contact_details_audited(unsafe):
    client = people.client_with_roles("Booking coordinator", username="bea")
    shown = page(client, f"{ITEM}{unsafe.pk}/holders/")
    assert [word for word in (NAME, "01632 960 001", "kim@home.example") if word not in shown] == []
    entry = AuditEntry.objects.get(action="listed")
    assert (entry.actor, entry.appointment) == ("bea", PreparationTask.objects.get().appointment)


def test_a_clinician_sees_and_tells_their_own_patients_only(unsafe):
    person = people.make_person("Clinician")
    mine = PreparationTask.objects.get().appointment
    clinician = mine.slot.clinician
    client = Client()
    people.sign_in(client, person)
    path, copy = f"{ITEM}{unsafe.pk}/holders/", mine.tasks.get()
    assert NAME not in page(client, path)
    refused = [client.post(f"{path}{pk}/replace/") for pk in (copy.pk, 987654)]
    assert [answer.status_code for answer in refused] == [404, 404]
    clinician.user = person
    clinician.save()
    assert NAME in page(client, path)
    assert client.post(f"{path}{copy.pk}/replace/", {"tell": ""}).url == path
    copy.refresh_from_db()
    assert copy.text == NEW


def test_a_coordinator_replaces_the_words_and_writes(unsafe):
    client, copy = people.client_with_roles("Booking coordinator"), PreparationTask.objects.get()
    path = f"{ITEM}{unsafe.pk}/holders/"
    done = client.post(f"{path}{copy.pk}/replace/", {"tell": ""}, follow=True).content.decode()
    assert "a message is on its way" in done
    assert "Nobody. All have words that are safe." in done
    assert Message.objects.filter(kind="staff").count() == 1
    assert client.post(f"{path}{copy.pk}/replace/", {"tell": ""}).status_code == 404
    assert client.get(f"{path}{copy.pk}/replace/").status_code == 405


def test_replacing_words_needs_the_permission_to_change_bookings(unsafe):
    copy = PreparationTask.objects.get()
    for group in ("Editor", "Clinical reviewer", "Administrator"):
        assert people.client_with_roles(group).post(f"{ITEM}{unsafe.pk}/holders/{copy.pk}/replace/").status_code == 403
    assert PreparationTask.objects.get().text == OLD


def test_the_worklists_have_the_patients_with_unsafe_copies(unsafe):
    rest = make_guidance()
    copy = make_plan_copy(rest)
    rest.text = NEW
    versions.save(item=rest, by=people.make_person("Editor"), is_safety_change=True)
    shown = page(people.client_with_roles("Booking coordinator"), "/admin/appointments/appointment/work/unsafe/")
    appointments = [PreparationTask.objects.first().appointment, copy.plan.appointment]
    assert [each.pk for each in appointments if f"/appointment/{each.pk}/change/" not in shown] == []


@pytest.mark.parametrize("holding", [1, 30])
def test_the_page_of_holders_takes_as_many_queries_for_one_as_for_thirty(holding, django_assert_num_queries):
    item = make_item()
    for _ in range(holding):
        make_appointment()
    item.text = NEW
    versions.save(item=item, by=people.make_person("Editor"), is_safety_change=True)
    client = people.client_with_roles("Booking coordinator")
    client.get(f"{ITEM}{item.pk}/holders/")
    with django_assert_num_queries(QUERIES):
        page(client, f"{ITEM}{item.pk}/holders/")


def test_a_reviewer_reviews_the_words_and_cannot_change_them():
    item, client = make_item(), people.client_with_roles("Clinical reviewer", first_name="Ada", last_name="Reader")
    path = f"{ITEM}{item.pk}/change/"
    assert "I have read version 1, and it is right" in page(client, path)
    assert client.post(path, {"text": "Mine."}).status_code == 403
    client.post(f"{ITEM}{item.pk}/review/", {"seen": seen_of(item)})
    item.refresh_from_db()
    assert (item.reviewer, item.text) == ("Ada Reader", OLD)
    assert "and it is right" not in page(client, path)


@pytest.mark.parametrize("version", ["2", "", "x", "9" * 400])
def test_a_stale_or_forged_review_is_refused(version):
    item, client = make_item(), people.client_with_roles("Clinical reviewer", first_name="Ada", last_name="Reader")
    item.version = 2
    seen = seen_of(item) if version == "2" else version
    assert client.post(f"{ITEM}{item.pk}/review/", {"seen": seen}).status_code == 302
    assert ChecklistItem.objects.get().reviewed_at is None


@pytest.mark.parametrize("group", ["Editor", "Administrator", "Booking coordinator", "Clinician"])
def test_only_a_reviewer_reviews(group):
    item = make_item()
    client = people.client_with_roles(group, first_name="Ada", last_name="Reader")
    assert "and it is right" not in page(client, f"{ITEM}{item.pk}/change/")
    assert client.post(f"{ITEM}{item.pk}/review/", {"seen": seen_of(item)}).status_code == 403
    assert ChecklistItem.objects.get().reviewed_at is None


@pytest.mark.parametrize("group", ["Clinical reviewer", "Booking coordinator", "Clinician"])
@pytest.mark.parametrize("model", [ChecklistItem, RecoveryGuidance, QuestionPrompt])
def test_read_only_groups_cannot_write_or_delete(group, model):
    row = {ChecklistItem: make_item, RecoveryGuidance: make_guidance}.get(model, make_prompt)()
    client, folder = people.client_with_roles(group), f"/admin/appointments/{model._meta.model_name}/"
    assert client.get(f"{folder}{row.pk}/change/").status_code == 200
    for step in ("add/", f"{row.pk}/change/", f"{row.pk}/delete/"):
        assert client.post(f"{folder}{step}", {"title": "Mine", "post": "yes"}).status_code == 403
    assert model.objects.get().pk == row.pk


def make_prompt() -> QuestionPrompt:
    return QuestionPrompt.objects.create(text="What is it?")


def test_an_item_with_unsafe_copies_is_not_deleted(unsafe):
    client = people.client_with_roles("Editor")
    assert client.post(f"{ITEM}{unsafe.pk}/delete/", {"post": "yes"}).status_code == 403
    versions.replace(copy=PreparationTask.objects.get(), by=people.make_person(), tell=False)
    assert "keeps a copy of it" in " ".join(page(client, f"{ITEM}{unsafe.pk}/delete/").split())
    assert client.post(f"{ITEM}{unsafe.pk}/delete/", {"post": "yes"}).status_code == 302
    assert PreparationTask.objects.get().text == NEW


def test_markup_of_staff_is_escaped_in_the_admin(unsafe):
    attack = "<script>alert(1)</script>"
    ChecklistItem.objects.update(title=attack)
    make_guidance(title=attack, do=attack)
    for path in (ITEM, f"{ITEM}{unsafe.pk}/change/", f"{ITEM}{unsafe.pk}/holders/", GUIDANCE):
        assert attack not in page(people.client_with_roles("Editor"), path)


def test_a_list_shows_the_condition_in_as_many_queries_for_thirty(django_assert_num_queries):
    gout, client = make_live(name="Gout", slug="gout"), people.client_with_roles("Editor")
    make_item(condition=gout)
    page(client, ITEM)
    with django_assert_num_queries(LIST_QUERIES):
        page(client, ITEM)
    for _ in range(30):
        make_item(condition=gout)
    with django_assert_num_queries(LIST_QUERIES):
        assert "All conditions" not in page(client, ITEM).partition("result_list")[2]
