"""The guard against stale writes: fingerprints of rows, and the signed state in a form."""

import copy
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.core.signing import Signer
from django.db import models
from django.utils import timezone

from calcsite.models import StaffProfile
from calcsite.stale import SeenMixin, StaleError, fingerprint, refuse_stale
from calcsite.tests import people

pytestmark = pytest.mark.django_db


class NoteForm(SeenMixin, forms.Form):
    note = forms.CharField(required=False)


class OtherForm(SeenMixin, forms.Form):
    pass


class GroupForm(SeenMixin, forms.ModelForm):
    class Meta:
        model = Group
        fields = ["name"]


def other_value(field: models.Field, value: Any) -> Any:
    """A value that the field can hold and that differs from `value`."""
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.BooleanField):
        return not value
    return f"{value}x" if isinstance(value, str) else (value or 0) + 1


def seen_in(form: forms.Form) -> str:
    return form["seen"].value()


@pytest.mark.parametrize("kind", [StaffProfile, Group, "user"])
def test_a_fingerprint_changes_with_every_field(kind):
    person = people.make_person("Editor")
    row = (
        person
        if kind == "user"
        else person.groups.get()
        if kind is Group
        else StaffProfile.objects.create(user=person)
    )
    row.refresh_from_db()
    before = fingerprint(row)
    assert fingerprint(type(row).objects.get(pk=row.pk)) == before
    for field in row._meta.concrete_fields:
        changed = copy.copy(row)
        setattr(changed, field.attname, other_value(field, field.value_from_object(row)))
        assert fingerprint(changed) != before, field.name
        assert fingerprint(changed, ignore={field.name}) == fingerprint(row, ignore={field.name})


def test_a_fingerprint_does_not_depend_on_the_order_of_rows():
    rows = [Group(pk=pk, name=name) for pk, name in enumerate("ABC")]
    assert fingerprint(*rows) == fingerprint(*reversed(rows))
    assert fingerprint(*rows) != fingerprint(*rows[:2])
    assert fingerprint(*rows) != fingerprint(*rows, rows[0])


def test_a_fingerprint_keeps_null_apart_from_text_and_rows_apart_from_none():
    assert fingerprint({"name": None}) != fingerprint({"name": "None"})
    assert fingerprint(Group(name=None)) != fingerprint(Group(name="None"))
    assert fingerprint(None) == fingerprint()
    assert fingerprint({}) != fingerprint()


def test_equal_values_in_another_model_have_another_fingerprint():
    values = {field.name: field.value_from_object(Group(pk=1, name="A")) for field in Group._meta.concrete_fields}
    assert fingerprint(Group(pk=1, name="A")) != fingerprint(values)


def test_a_form_returns_the_state_that_it_was_shown_with():
    shown = NoteForm(state="abc")
    assert seen_in(shown).startswith("abc:")
    sent = NoteForm({"seen": seen_in(shown), "note": "x"}, state="def")
    assert sent.is_valid()
    assert sent.cleaned_data == {"seen": "abc", "note": "x"}
    assert sent.sent_state == "abc"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"seen": ""},
        {"seen": "abc"},
        {"seen": "abc:forged"},
        {"seen": Signer().sign("abc")},
        {"seen": OtherForm.sign("abc")},
        {"seen": NoteForm.sign("abc").replace("abc", "def")},
        {"seen": "\0"},
    ],
)
def test_a_missing_or_forged_state_or_that_of_another_form_is_stale(data):
    form = NoteForm(data, state="abc")
    assert form.sent_state == ""
    assert form.is_valid()
    with pytest.raises(StaleError, match="Look again"):
        refuse_stale(form.sent_state, "abc", problem="Look again")


def test_an_equal_state_and_a_write_without_a_page_are_not_refused():
    refuse_stale("abc", "abc", problem="Look again")
    refuse_stale(None, "abc", problem="Look again")


def test_a_refused_form_keeps_its_input_and_is_about_the_stored_state():
    data = {"seen": NoteForm.sign("old"), "note": "typed"}
    form = NoteForm(data, state="new")
    assert seen_in(form) == data["seen"]
    form.show_state("new")
    again = NoteForm({name: form[name].value() for name in ("seen", "note")}, state="new")
    assert again.is_valid()
    assert again.cleaned_data == {"seen": "new", "note": "typed"}


def test_the_state_of_an_unbound_form_can_be_set_later():
    form = NoteForm(state="")
    form.show_state("abc")
    assert seen_in(form) == NoteForm.sign("abc")


def test_a_form_with_a_prefix_and_a_form_of_a_model_carry_the_state_too():
    assert NoteForm({"a-seen": NoteForm.sign("abc")}, state="abc", prefix="a").sent_state == "abc"
    group = Group.objects.create(name="A")
    form = GroupForm({"name": "B", "seen": GroupForm.sign("abc")}, instance=group, state="abc")
    assert form.is_valid()
    assert (form.cleaned_data["seen"], form.save().name) == ("abc", "B")


def test_a_form_about_something_new_has_no_state():
    form = NoteForm({"note": "x"}, state=None)
    assert form.is_valid()
    assert form.cleaned_data == {"note": "x"}
