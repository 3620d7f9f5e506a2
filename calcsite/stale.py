"""Stale writes: a save from a page that shows an older state than the stored one is refused.

The page's form carries the fingerprint of the rows that it shows, signed, in a hidden field `seen`. The verb that
saves takes it as `seen`, computes the fingerprint again under its lock, and raises StaleError, having changed nothing,
when the two differ. The view then shows the typed values again, beside the stored ones, with the stored state as
`seen`: the second save is deliberate.
"""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.core.signing import BadSignature, Signer
from django.db import models
from django.forms.forms import DeclarativeFieldsMetaclass

from calcsite.checksums import checksum
from calcsite.errors import UserFacingError

Row = models.Model | Mapping[str, Any] | None


class StaleError(UserFacingError):
    """The stored rows are not in the state from which the form was filled in."""


def fingerprint(*rows: Row, ignore: Collection[str] = ()) -> str:
    """SHA-256 of the values of rows as they are stored, in any order. `ignore` names the fields that do not count.

    A row is a model instance or a mapping of values that JSON can hold. None stands for a row that does not exist.
    """
    return checksum(sorted(checksum(_values(row, ignore)) for row in rows if row is not None))


def editable_fingerprint(row: models.Model, *others: Row) -> str:
    """The fingerprint of all that staff can edit of a row, and of other rows on its page.

    The names of the fields that nothing edits are left out of the other rows too.
    """
    unedited = {field.name for field in row._meta.concrete_fields if not field.editable}
    return fingerprint(row, *others, ignore=unedited)


def _values(row: models.Model | Mapping[str, Any], ignore: Collection[str]) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return {name: value for name, value in row.items() if name not in ignore}
    counted = [field for field in row._meta.concrete_fields if field.name not in ignore]
    values = {field.name: _value(field, row) for field in counted}
    return {"model": row._meta.label, "values": values}


def _value(field: models.Field, row: models.Model) -> Any:
    """A stored value as JSON holds it: NULL is not the text "None"."""
    return None if field.value_from_object(row) is None else field.value_to_string(row)


def refuse_stale(seen: str | None, stored: str, *, problem: str) -> None:
    """Raises StaleError with `problem` unless the fingerprints `seen` and `stored` are equal.

    `seen` is None where no page was shown, such as in the worker: then there is nothing to compare.
    """
    if seen is not None and seen != stored:
        raise StaleError(problem)


class SeenMixin(metaclass=DeclarativeFieldsMetaclass):
    """A form about stored rows, with the fingerprint of their state (`state`) in the hidden field `seen`.

    `cleaned_data["seen"]` is the fingerprint that was sent. It is empty, and so equal to none, when the field is
    missing or is not signed for this form. With state None, as for a new row, the form has no such field.
    """

    seen = forms.Field(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, state: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if state is None:
            del self.fields["seen"]
        else:
            self.initial["seen"] = self.sign(state)

    @classmethod
    def _signer(cls) -> Signer:
        return Signer(salt=f"calcsite.stale.{cls.__module__}.{cls.__qualname__}")

    @classmethod
    def sign(cls, state: str) -> str:
        """The value of `seen` for a state, valid for this form only."""
        return cls._signer().sign(state)

    @property
    def sent_state(self) -> str:
        """The fingerprint that was sent, before validation."""
        try:
            return self._signer().unsign(self.data.get(self.add_prefix("seen"), ""))
        except BadSignature:
            return ""

    def clean_seen(self) -> str:
        return self.sent_state

    def show_state(self, state: str) -> None:
        """Make the form one about this state. A refused form keeps its input: the next save replaces that state."""
        if self.is_bound:
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = self.sign(state)
        else:
            self.initial["seen"] = self.sign(state)
