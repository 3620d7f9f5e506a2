"""Two people with the same form open: the second save is refused with the difference, and nothing is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django_prose_editor.fields import ProseEditorFormField

from conditions.admin.lookups import OwnFiltersOnly
from conditions.compare.differing import Line, compare_blocks
from conditions.editing import drafting
from conditions.models import Condition
from conditions.richtext.blocks import Block, blocks_of

CHANGED_MEANWHILE = "Not saved yet: somebody else saved this page first"
DELETED_MEANWHILE = "Somebody else has deleted it. Copy what you need of it, and open the page again."


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


class GuardedAdmin(OwnFiltersOnly):
    """For a ModelAdmin whose form is a GuardedForm: its page shows why a save was refused, before anything else."""

    form = GuardedForm
    change_form_template = "admin/conditions/guarded_change_form.html"

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        form = context["adminform"].form
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        if context["errors"]:
            context["mistakes"] = list(mistakes(form, formsets))
            context["errors"] = []  # Django's own note would stand below the buttons, and lead nowhere
        if getattr(form, "changed_meanwhile", False):
            context["differences"] = list(differences(form, formsets))
            if isinstance(form.instance, Condition):
                context["last_saved"] = form.instance.events.writing().select_related("by").first()
        return super().render_change_form(request, context, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> list[tuple]:
        """The field that nobody sees goes with the first group."""
        (title, options), *others = super().get_fieldsets(request, obj)
        fields = [name for name in options["fields"] if name != "seen"]
        return [(title, options | {"fields": [*fields, "seen"]}), *others]


@dataclass(frozen=True)
class Mistake:
    """Why a form was refused, and the id of what has to be changed, where there is one thing."""

    text: str
    target: str


def mistakes(form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Mistake]:
    """All that has to be put right in a refused form with its rows, in the order of the page."""
    yield from _mistakes_in(form, "", "")
    for formset in formsets:
        group = f"{formset.prefix}-group"
        plural = formset.model._meta.verbose_name_plural.capitalize()
        yield from (Mistake(f"{plural}: {error}", group) for error in formset.non_form_errors())
        for number, row in enumerate(formset.forms):
            if not row.cleaned_data.get("DELETE"):
                yield from _mistakes_in(row, f"{name_of_row(row, number)}: ", f"{formset.prefix}-{number}")


def _mistakes_in(form: forms.ModelForm, prefix: str, row: str) -> Iterable[Mistake]:
    for name, errors in form.errors.items():
        for error in errors:
            if name == NON_FIELD_ERRORS:
                if error != CHANGED_MEANWHILE:
                    yield Mistake(f"{prefix}{error}", row)
            elif form[name].is_hidden:
                yield Mistake(f"{prefix}{DELETED_MEANWHILE}", "")
            else:
                yield Mistake(f"{prefix}{form[name].label}: {error}", form[name].id_for_label)


def name_of_row(row: forms.ModelForm, number: int) -> str:
    """What a row of the form is called: “Section “What causes it?””, or its place while it has no name yet."""
    kind = row._meta.model._meta.verbose_name.capitalize()
    if row.instance.pk and str(row.instance):
        return f"{kind} “{row.instance}”"
    return f"{kind} {number + 1}{'' if row.instance.pk else ' (new)'}"


@dataclass(frozen=True)
class Difference:
    """One field in which a refused form differs from what is stored."""

    label: str
    lines: list[Line]


def differences(form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Difference]:
    """Where a refused form, with its rows, differs from what is stored now; rows that somebody added included."""
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
    """The value of a field as text that can be compared: rich text as the comparison of editions splits it."""
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


def refuse_tampered_choices(request: HttpRequest, names: Iterable[str]) -> None:
    """Raises BadRequest for a chosen row that is no number: no form of ours sends one, and the widget would fail."""
    if not all(value.isdecimal() for name in names for value in request.POST.getlist(name)):
        raise BadRequest("A choice in this form is not one that the site offered.")
