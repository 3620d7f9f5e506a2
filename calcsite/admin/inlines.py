"""Rows of a page under its own fields, read once with the page."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet


class LoadedRowField(forms.ModelChoiceField):
    """The key of a row that its formset has read: no query for each row."""

    def __init__(self, *args: Any, rows: list[models.Model], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {str(row.pk): row for row in rows}

    def to_python(self, value: Any) -> models.Model | None:
        if value in self.empty_values:
            return None
        if str(value) not in self.rows:
            raise ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
            )
        return self.rows[str(value)]


class LoadedRowsFormSet(BaseInlineFormSet):
    """A formset over the rows that were prefetched with its page, if they were."""

    def get_queryset(self) -> list[models.Model]:
        if not hasattr(self, "_rows"):
            self._rows = list(getattr(self.instance, self.relation).all()) if self.instance.pk else []
        return self._rows

    @property
    def relation(self) -> str:
        """The name of the rows on their page."""
        return self.fk.remote_field.get_accessor_name()

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        key = form.fields["id"]
        form.fields["id"] = LoadedRowField(
            key.queryset, initial=key.initial, required=False, widget=forms.HiddenInput, rows=self.get_queryset()
        )

    @property
    def saved_rows(self) -> list[models.Model]:
        """The rows as they are after `save`, in the order in which they are stored."""
        kept = [form.instance for form in self.initial_forms if form not in self.deleted_forms]
        order = self.model._meta.ordering
        return sorted([*kept, *self.new_objects], key=lambda row: [getattr(row, name) for name in order])
