"""The difference between a refused form and the stored row, field by field."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django_prose_editor.fields import ProseEditorFormField

from calcsite.admin.guarding import name_of_row
from conditions.compare.differing import Line, compare_blocks
from conditions.richtext.blocks import Block, blocks_of


@dataclass(frozen=True)
class Difference:
    """One field in which a refused form differs from the stored row."""

    label: str
    lines: list[Line]


def differences(form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Difference]:
    """The differences of a refused form and its rows from the stored ones, rows that were added meanwhile included."""
    yield from _in_fields(form, "")
    for formset in formsets:
        sent = {str(row["id"].value()) for row in formset.forms}
        for number, row in enumerate(formset.forms):
            yield from _in_fields(row, f"{name_of_row(row, number)}: ")
        for stored in formset.get_queryset():
            if str(stored.pk) not in sent:
                kind = formset.model._meta.verbose_name.capitalize()
                yield Difference(f"{kind}, added by somebody else and kept", compare_blocks(_lines(str(stored)), []))


def _in_fields(form: forms.ModelForm, prefix: str) -> Iterable[Difference]:
    for name in form.changed_data:
        if name not in {"seen", "id", "DELETE"}:
            field = form.fields[name]
            stored, sent = (
                in_blocks(field, value) for value in (form.get_initial_for_field(field, name), form[name].value())
            )
            if stored != sent:
                yield Difference(f"{prefix}{form[name].label}", compare_blocks(stored, sent))


def in_blocks(field: forms.Field, value: Any) -> list[Block]:
    """The value of a field as text that can be compared: rich text in the blocks of a comparison of editions."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        chosen = [getattr(one, "pk", one) for one in value or []]
        return _lines("\n".join(sorted(map(str, field.queryset.filter(pk__in=chosen)))))
    if isinstance(field, forms.BooleanField):
        return _lines("yes" if value in {True, "on", "True", "true", "1"} else "no")
    if isinstance(field, ProseEditorFormField):
        return blocks_of(str(value or ""))
    return _lines("" if value is None else str(value))


def _lines(text: str) -> list[Block]:
    return [Block("", line) for line in text.splitlines()]
