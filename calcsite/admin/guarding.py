"""Forms of the admin that refuse a stale save, and name all mistakes at the top of the page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, BadRequest, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse

from calcsite.admin.lookups import OwnFiltersOnly
from calcsite.stale import SeenMixin, editable_fingerprint

CHANGED_MEANWHILE = "Not saved yet: somebody else saved this page first"
DELETED_MEANWHILE = "Somebody else has deleted it. Copy what you need of it, and open the page again."


class GuardedForm(SeenMixin, forms.ModelForm):
    """A form that refuses a stale save: another save since the page was opened is not overwritten.

    Nothing is lost: the page shows the difference, and a second save is deliberate.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row = kwargs.get("instance")
        self.state = self.fingerprint(row) if row and row.pk else None
        super().__init__(*args, state=self.state, **kwargs)
        self.changed_meanwhile = False

    @staticmethod
    def fingerprint(row: models.Model) -> str:
        """The fingerprint of all that staff can edit of a row."""
        return editable_fingerprint(row)

    def stored_state(self) -> str:
        """The fingerprint of the stored row, which is locked until the end of the transaction of the save."""
        return self.fingerprint(type(self.instance)._default_manager.select_for_update().get(pk=self.instance.pk))

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError when the row is not as it was when the page was opened."""
        cleaned = super().clean()
        if self.instance.pk and self.sent_state != (stored := self.stored_state()):
            self.changed_meanwhile = True
            self.show_state(stored)
            raise ValidationError(CHANGED_MEANWHILE, code="changed_meanwhile")
        return cleaned


class GuardedAdmin(OwnFiltersOnly):
    """For a ModelAdmin with a GuardedForm: its page shows first of all why a save was refused."""

    form = GuardedForm
    change_form_template = "admin/guarded/change_form.html"

    def differences(self, form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Any]:
        """The fields in which a refused form differs from the stored row, for `admin/guarded/_differences.html`."""
        raise NotImplementedError

    def last_save(self, row: models.Model) -> Any:
        """The author (`by`) and time (`at`) of the last save, for models that log it."""
        return None

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        form = context["adminform"].form
        formsets = [inline.formset for inline in context["inline_admin_formsets"]]
        if context["errors"]:
            context["mistakes"] = list(mistakes(form, formsets))
            context["errors"] = []  # Django's own note would stand below the buttons, and lead nowhere
        if getattr(form, "changed_meanwhile", False):
            context["differences"] = list(self.differences(form, formsets))
            context["last_saved"] = self.last_save(form.instance)
        return super().render_change_form(request, context, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: models.Model | None = None) -> list[tuple]:
        """The hidden field of an existing row goes into the first group."""
        (title, options), *others = super().get_fieldsets(request, obj)
        fields = [name for name in options["fields"] if name != "seen"]
        return [(title, options | {"fields": [*fields, "seen"] if obj else fields}), *others]


@dataclass(frozen=True)
class Mistake:
    """An error of a refused form, and the id of the field to change, if it is about one."""

    text: str
    target: str


def mistakes(form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet]) -> Iterable[Mistake]:
    """All errors of a refused form and its rows, in the order of the page."""
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
    """The name of a row of the form: “Section “What causes it?””, or its place while it has no name yet."""
    kind = row._meta.model._meta.verbose_name.capitalize()
    if row.instance.pk and str(row.instance):
        return f"{kind} “{row.instance}”"
    return f"{kind} {number + 1}{'' if row.instance.pk else ' (new)'}"


def refuse_tampered_choices(request: HttpRequest, names: Iterable[str]) -> None:
    """Raises BadRequest for a chosen key that is no number: no form of the site sends one."""
    if not all(value.isdecimal() for name in names for value in request.POST.getlist(name)):
        raise BadRequest("A choice in this form is not one that the site offered.")
