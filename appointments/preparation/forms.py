"""Forms for what a patient prepares. Each asks for one row; its fields are named as the row names them."""

from collections.abc import Iterable
from typing import Any

from django import forms

from appointments.forms.base import PatientForm
from appointments.forms.fields import LineField, Radios, TextField
from appointments.models import HistoryEntry, Medicine, Referral, Symptom

TOO_BAD = "Write a number from 0 to 10."


class Ticks(forms.CheckboxSelectMultiple):
    """Boxes to tick; a link to the field leads to the first of them."""

    def id_for_label(self, id_: str, index: str | None = "0") -> str:
        return super().id_for_label(id_, index)


class RowForm(PatientForm):
    """The fields of one row. The page around it has the form element, and the buttons."""


def line(label: str, longest: int, hint: str = "", *, needed: str = "", **attributes: str) -> LineField:
    """One line. `needed` is what is said when it is empty; without it, it may be empty, and says so."""
    return LineField(
        label=label if needed else f"{label} (optional)",
        max_length=longest,
        help_text=hint,
        required=bool(needed),
        error_messages={"required": needed},
        widget=forms.TextInput(attributes),
    )


def lines(label: str, longest: int, hint: str = "", *, needed: str = "", rows: int = 3) -> TextField:
    """Some lines, otherwise as `line`."""
    return TextField(
        label=label if needed else f"{label} (optional)",
        max_length=longest,
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
        error_messages={"invalid": TOO_BAD, "min_value": TOO_BAD, "max_value": TOO_BAD},
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


class ChooseForm(RowForm):
    """Some of what is suggested."""

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
