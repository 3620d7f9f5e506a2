"""Forms of a patient's preparation: one for a row of each tool, with fields named as the model's."""

from collections.abc import Iterable
from typing import Any

from django import forms

from appointments.forms.base import PatientForm
from appointments.forms.fields import LineField, Radios, TextField
from appointments.models import HistoryEntry, Medicine, Referral, Symptom
from calcsite.stale import SeenMixin

NOT_0_TO_10 = "Write a number from 0 to 10."


class Ticks(forms.CheckboxSelectMultiple):
    """Checkboxes. A link to the field leads to the first of them."""

    def id_for_label(self, id_: str, index: str | None = "0") -> str:
        return super().id_for_label(id_, index)


class RowForm(SeenMixin, PatientForm):
    """The fields of one row. The page around it has the form element, and the buttons."""

    @property
    def values(self) -> dict[str, Any]:
        """The validated fields of the row."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


def line(label: str, max_length: int, hint: str = "", *, needed: str = "", **attributes: str) -> LineField:
    """A field for one line. `needed` is the error when it is empty; without it, the field is optional and says so."""
    return LineField(
        label=label if needed else f"{label} (optional)",
        max_length=max_length,
        help_text=hint,
        required=bool(needed),
        error_messages={"required": needed},
        widget=forms.TextInput(attributes),
    )


def lines(label: str, max_length: int, hint: str = "", *, needed: str = "", rows: int = 3) -> TextField:
    """A field for several lines, otherwise as `line`."""
    return TextField(
        label=label if needed else f"{label} (optional)",
        max_length=max_length,
        help_text=hint,
        required=bool(needed),
        error_messages={"required": needed},
        widget=forms.Textarea({"rows": rows}),
    )


def one_of(label: str, choices: Any, needed: str, **options: Any) -> forms.ChoiceField:
    errors = {"required": needed, "invalid_choice": "Choose one of these."}
    return forms.ChoiceField(label=label, choices=choices.choices, widget=Radios, error_messages=errors, **options)


class HistoryForm(RowForm):
    kind = one_of("What is it?", HistoryEntry.Kind, "Say what it is.")
    what = line(
        "Its name",
        200,
        "For example: high blood pressure, an operation on a hip, penicillin. For your family, say who.",
        needed="Write what it is called.",
    )
    when = line("When", 100, "A year is enough, or “since I was a child”.")
    detail = lines("More about it", 1000, "What was done, or what happens with an allergy.")


class SymptomForm(RowForm):
    kind = one_of("What is it?", Symptom.Kind, "Say which of the two it is.", initial=Symptom.Kind.SYMPTOM)
    what = line("What you feel, or what worries you", 300, needed="Write what you feel, or what worries you.")
    since = line("Since when", 100, "For example: since March, for about two years.")
    severity = forms.IntegerField(
        label="How bad it is, from 0 to 10 (optional)",
        help_text="0 is not at all, 10 is as bad as you can think of.",
        required=False,
        min_value=0,
        max_value=10,
        error_messages={"invalid": NOT_0_TO_10, "min_value": NOT_0_TO_10, "max_value": NOT_0_TO_10},
        widget=forms.TextInput({"inputmode": "numeric", "class": "few"}),
    )
    helps = line("What helps", 300, "For example: rest, warmth, a medicine. “Nothing” is an answer too.")


class QuestionForm(RowForm):
    text = lines("Your question", 500, "One question at a time.", needed="Write your question.")


class MedicineForm(RowForm):
    kind = one_of("What is it?", Medicine.Kind, "Say what it is.", initial=Medicine.Kind.MEDICINE)
    name = line("Its name", 200, "As it is written on the packet.", needed="Write its name.", spellcheck="false")
    dose = line("How much, and how often", 200, "For example: one tablet of 5 mg, each morning.")
    why = line("What it is for", 200, "If you know it.")


class OptionForm(RowForm):
    name = line("The treatment", 200, "In your own words.", needed="Write which treatment you mean.")
    note = lines("What you want to know about it", 1000, "For example: its risks, or what happens if you wait.")


class ReferralForm(RowForm):
    status = one_of("Do you have a referral?", Referral.Status, "Say whether you have a referral.")
    doctor = line("Who referred you, or whom you asked", 200, "A name, and where they work.")
    note = lines("Anything about it", 1000, "For example: appointments that you have with others, and when.")


class SpecialistForm(RowForm):
    specialty = line("Kind of specialist", 60, "Leave it empty if you are not sure. We can tell you.")
    sees = line("Specialists that you see already", 300, "Their names, and what they treat.")
    note = lines("What matters to you", 1000, "For example: somebody near you, or somebody who speaks your language.")


class ChooseForm(PatientForm):
    """A choice of suggested rows."""

    chosen = forms.MultipleChoiceField(
        label="Tick what you want on your list",
        widget=Ticks,
        error_messages={
            "required": "Tick at least one, or go back to your list.",
            "invalid_choice": "What is offered here has changed meanwhile. Look at it again.",
        },
    )

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chosen"].choices = list(choices)
