"""Forms of an opinion: the draft, the treatments that it weighs, signing, and correcting."""

from typing import Any

from django import forms

from appointments.booking.staff_forms import long_text, text
from appointments.choices import Agreement
from appointments.forms.fields import LineField, Radios
from appointments.models import Opinion, OpinionOption
from appointments.opinions.opinions import OPTION_TEXTS, TEXTS, fingerprint_of
from calcsite.stale import SeenMixin

MAX_OPTIONS = 12


class OpinionForm(SeenMixin, forms.Form):
    """A draft, with fields named as the model's. All of them may stay empty until it is signed."""

    correction = long_text("What is corrected, and why", "The patient reads it first.", most=1000, rows=3)
    findings = long_text("What you found", "In words that the patient understands. They read what you write here.")
    first_opinion = long_text("What the first opinion says")
    our_opinion = long_text("What you say")
    agreement = forms.ChoiceField(
        label="The first opinion and yours",
        choices=Agreement,
        required=False,
        widget=Radios,
    )
    next_steps = long_text("What to do next", "Who does what, and by when. When to seek help sooner.")

    def __init__(self, *args: Any, opinion: Opinion, **kwargs: Any) -> None:
        initial = {name: getattr(opinion, name) for name in TEXTS}
        super().__init__(*args, initial=initial, state=fingerprint_of(opinion), **kwargs)
        if opinion.number == 1:
            del self.fields["correction"]

    @property
    def texts(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in TEXTS if name in self.fields}


class OptionForm(forms.Form):
    """A treatment with its benefits and risks, with fields named as the model's."""

    use_required_attribute = False

    name = LineField(label="Treatment", required=False, max_length=200)
    benefits = long_text("Benefits", most=2000, rows=4)
    risks = long_text("Risks", most=2000, rows=4)
    expected = long_text("What to expect", most=2000, rows=4)


class BaseOptions(forms.BaseFormSet):
    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:  # not in the blank one
            form.fields["DELETE"].label = "Take this treatment out"

    @property
    def options(self) -> list[dict[str, str]]:
        """The options with any text that are not to be deleted, in their order."""
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        said = [{name: data.get(name, "") for name in OPTION_TEXTS} for data in kept]
        return [option for option in said if any(option.values())]


OptionFormSet = forms.formset_factory(
    OptionForm,
    formset=BaseOptions,
    extra=1,
    can_delete=True,
    can_delete_extra=False,
    max_num=MAX_OPTIONS,
    absolute_max=MAX_OPTIONS,
    validate_max=True,
)


def option_forms(data: Any, opinion: Opinion) -> forms.BaseFormSet:
    """The treatments of a draft, and an empty form for another one."""
    rows = list(OpinionOption.objects.filter(opinion=opinion).values(*OPTION_TEXTS))
    return OptionFormSet(data, initial=rows, prefix="options")


class SignForm(SeenMixin, forms.Form):
    """The signature on the composed draft that the page shows."""


class CorrectForm(forms.Form):
    why = text(
        "What is corrected, and why?",
        "The patient reads it, above the new version.",
        most=1000,
        errors={"required": "Say what is corrected, and why."},
    )
