"""Two people with the same form open: the second save is refused with the difference, and nothing is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse

from conditions import drafting, richtext
from conditions.comparing import Line, compare_texts

CHANGED_MEANWHILE = (
    "Somebody has saved this since you opened it, so yours is not saved yet. Below is what differs. Change your "
    "text where you want theirs, and save again: then what you see here is saved."
)


class GuardedForm(forms.ModelForm):
    """A form that knows which state of the row it was filled in from (`drafting.fingerprint`)."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed_meanwhile = False
        if self.instance.pk:
            self.initial["seen"] = drafting.fingerprint(self.instance)

    def clean(self) -> dict[str, Any]:
        """Compare under the row's lock, in the transaction of the save: nobody can come between."""
        cleaned = super().clean()
        if self.instance.pk:
            stored = drafting.locked_for_saving(self.instance)
            now = drafting.fingerprint(stored)
            if self.data.get("seen") != now:
                self.changed_meanwhile = True
                self.data = self.data.copy()
                self.data["seen"] = now
                raise ValidationError(CHANGED_MEANWHILE, code="changed_meanwhile")
        return cleaned


class GuardedAdmin:
    """For a ModelAdmin whose form is a GuardedForm: its page shows what differs when a save was refused."""

    form = GuardedForm
    change_form_template = "admin/conditions/guarded_change_form.html"

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        form = context["adminform"].form
        if getattr(form, "changed_meanwhile", False):
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            context["differences"] = list(differences(form, formsets))
        return super().render_change_form(request, context, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> list[tuple]:
        """The field that nobody sees goes with the first group."""
        (title, options), *others = super().get_fieldsets(request, obj)
        fields = [name for name in options["fields"] if name != "seen"]
        return [(title, options | {"fields": [*fields, "seen"]}), *others]


@dataclass(frozen=True)
class Difference:
    """One field in which a refused form differs from what is stored."""

    label: str
    lines: list[Line]


def differences(form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Difference]:
    """Where a refused form, with its rows, differs from what is stored now; rows that somebody added included."""
    yield from _in_fields(form, "")
    for formset in formsets:
        kind = formset.model._meta.verbose_name.capitalize()
        sent = {str(row["id"].value()) for row in formset.forms}
        for row in formset.forms:
            yield from _in_fields(row, f"{kind} “{row.instance}”: " if row.instance.pk else f"New {kind.lower()}: ")
        for stored in formset.get_queryset():
            if str(stored.pk) not in sent:
                yield Difference(f"{kind}, added by somebody else and kept", compare_texts(str(stored), ""))


def _in_fields(form: forms.ModelForm, prefix: str) -> Iterable[Difference]:
    for name in form.changed_data:
        if name not in {"seen", "id", "DELETE"}:
            field = form.fields[name]
            stored, sent = (
                in_words(field, value) for value in (form.get_initial_for_field(field, name), form[name].value())
            )
            if stored != sent:
                yield Difference(f"{prefix}{field.label}", compare_texts(stored, sent))


def in_words(field: forms.Field, value: Any) -> str:
    """The value of a field as text that can be compared word by word."""
    if isinstance(field, forms.ModelMultipleChoiceField):
        chosen = [getattr(one, "pk", one) for one in value or []]
        return ", ".join(sorted(map(str, field.queryset.filter(pk__in=chosen))))
    if isinstance(field, forms.BooleanField):
        return "yes" if value in {True, "on", "True", "true", "1"} else "no"
    return "" if value is None else richtext.plain_text(str(value)) if "<" in str(value) else str(value)


def refuse_tampered_choices(request: HttpRequest, names: Iterable[str]) -> None:
    """Raises BadRequest for a chosen row that is no number: no form of ours sends one, and the widget would fail."""
    if not all(value.isdecimal() for name in names for value in request.POST.getlist(name)):
        raise BadRequest("A choice in this form is not one that the site offered.")
