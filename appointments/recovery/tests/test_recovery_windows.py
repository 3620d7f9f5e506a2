"""Two windows on one recovery plan: neither overwrites the other, a refusal has its reason, and no input is lost."""

import re
from functools import partial

import pytest
from django.http import HttpResponse
from django.test import Client

from appointments.guidance import versions
from appointments.models import PlanMedicine, RecoveryPlan
from appointments.recovery import plans
from appointments.recovery.tests.makers import BASE, make_guidance, start_plan
from calcsite.errors import UserFacingError
from calcsite.tests import people
from calcsite.tests.racing import at_once

in_database = pytest.mark.django_db
MEANWHILE = "changed meanwhile"
HIDDEN_OR_LINE = re.compile(r'<input type="(?:hidden|text|date|number)" name="([^"]+)"(?: value="([^"]*)")?')
AREA = re.compile(r'<textarea name="([^"]+)"[^>]*>\s*([^<]*)</textarea>')


def shown_in(page: HttpResponse) -> dict[str, str]:
    """The form data of a page, with no box ticked."""
    found = {**dict(HIDDEN_OR_LINE.findall(page.text)), **dict(AREA.findall(page.text))}
    return {name: value.removesuffix("\r") for name, value in found.items() if name != "csrfmiddlewaretoken"}


def change_of(plan: RecoveryPlan) -> str:
    return f"{BASE}{plan.appointment_id}/recovery/change/"


def window(plan: RecoveryPlan) -> tuple[Client, dict[str, str]]:
    """A browser of the clinician, and the data of its form."""
    desk = people.client_of(plan.started_by)
    return desk, shown_in(desk.get(change_of(plan)))


@in_database
def test_a_stale_plan_is_refused_keeps_its_input_and_can_be_saved_again():
    plan = start_plan()
    (desk, first), (_, second) = window(plan), window(plan)
    assert desk.post(change_of(plan), first | {"note": "From the first"}).status_code == 302
    refused = desk.post(change_of(plan), second | {"note": "From the second"})
    assert (refused.status_code, MEANWHILE in refused.text) == (409, True)
    assert [words for words in ("From the first", "From the second") if words not in refused.text] == []
    plan.refresh_from_db()
    assert plan.note == "From the first"
    assert desk.post(change_of(plan), shown_in(refused)).status_code == 302
    plan.refresh_from_db()
    assert plan.note == "From the second"


@in_database
def test_rows_removed_or_added_meanwhile_do_not_block_a_second_save():
    plan = start_plan()
    (desk, first), (_, second) = window(plan), window(plan)
    added = {"medicines-1-name": "Iron", "medicines-1-dose": "one"}
    assert desk.post(change_of(plan), first | added | {"medicines-0-DELETE": "on"}).status_code == 302
    again = second | {"medicines-0-dose": "two a day", "medicines-1-name": "Zinc", "medicines-1-dose": "half"}
    refused = desk.post(change_of(plan), again)
    assert refused.status_code == 409
    assert [words for words in ("taken off", "two a day", "Zinc", "Iron, one") if words not in refused.text] == []
    assert desk.post(change_of(plan), shown_in(refused)).status_code == 302
    assert sorted(plan.medicines.values_list("name", flat=True)) == ["Iron", "Zinc"]


@in_database
def test_a_second_click_adds_nothing_twice():
    plan = start_plan()
    desk, form = window(plan)
    form |= {"medicines-1-name": "Iron", "medicines-1-dose": "one"}
    assert [desk.post(change_of(plan), form).status_code for _ in range(2)] == [302, 409]
    assert plan.medicines.filter(name="Iron").count() == 1


@in_database
def test_replaced_unsafe_words_do_not_come_back_as_safe_ones():
    item = make_guidance(text="Eat nothing for a day.")
    plan = start_plan()
    desk, form = window(plan)
    editor = people.make_person()
    item.text = "Eat nothing for six hours."
    versions.save(item=item, by=editor, is_safety_change=True)
    versions.replace(copy=plan.guidance.get(), by=editor, tell=False)
    refused = desk.post(change_of(plan), form)
    assert (refused.status_code, plan.guidance.get().text) == (409, "Eat nothing for six hours.")
    desk.post(change_of(plan), shown_in(refused))
    assert plan.guidance.get().text == "Eat nothing for a day."
    assert list(versions.holders(item)) == [plan.guidance.get()]


def test_of_two_saves_at_once_one_is_refused(committed):
    plan = start_plan()
    seen = plans.fingerprint_of(RecoveryPlan.objects.get(pk=plan.pk))
    rows = [PlanMedicine(name=name, dose="one") for name in ("Iron", "Zinc")]
    steps = [partial(plans.change_plan, plan=plan, kept=[row], by=plan.started_by, seen=seen) for row in rows]
    outcomes = at_once(*steps, refused=UserFacingError)
    assert sorted(str(outcome) for outcome in outcomes if outcome) == [plans.CHANGED_MEANWHILE]
    assert plan.medicines.filter(name__in=["Iron", "Zinc"]).count() == 1
