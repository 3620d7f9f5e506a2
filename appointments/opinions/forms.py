"""What a clinician writes: the opinion, the treatments it weighs, answers to questions, instructions for tests."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.forms.utils import from_current_timezone
from django.utils.dateparse import parse_datetime

from appointments.booking.staff_forms import DayField, text
from appointments.choices import Agreement
from appointments.forms.fields import LineField, Radios
from appointments.models import Opinion, OpinionOption, Question
from appointments.opinions.opinions import OPTION, WORDS
from appointments.preparation.answers import fingerprint

MOST_OPTIONS = 12
ANSWER = re.compile(r"answer_\d+")


def long_text(label: str, help_text: str = "", *, most: int = 5000, rows: int = 8) -> forms.Field:
    field = text(label, help_text, most=most, required=False)
    field.widget.attrs["rows"] = rows
    return field


class MomentField(forms.CharField):
    """A time to the microsecond, as a hidden field carries it there and back."""

    widget = forms.HiddenInput

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime:
        try:
            found = parse_datetime(super().clean(value))
        except ValueError:
            found = None
        if found is None:
            raise forms.ValidationError("Load this page again.")
        return found if found.tzinfo else from_current_timezone(found)


class OpinionForm(forms.Form):
    """A draft. Everything may stay empty until it is signed. Its fields are named as the opinion's."""

    seen = MomentField()
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
        initial = {"seen": opinion.changed_at} | {name: getattr(opinion, name) for name in WORDS}
        super().__init__(*args, initial=initial, **kwargs)
        if opinion.number == 1:
            del self.fields["correction"]

    @property
    def words(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in WORDS if name in self.fields}


class OptionForm(forms.Form):
    """A treatment, weighed. Its fields are named as the option's."""

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
        """Those that say anything and stay, in their order."""
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        said = [{name: data.get(name, "") for name in OPTION} for data in kept]
        return [option for option in said if any(option.values())]


OptionFormSet = forms.formset_factory(
    OptionForm,
    formset=BaseOptions,
    extra=1,
    can_delete=True,
    can_delete_extra=False,
    max_num=MOST_OPTIONS,
    absolute_max=MOST_OPTIONS,
    validate_max=True,
)


def option_forms(data: Any, opinion: Opinion) -> forms.BaseFormSet:
    """The treatments of a draft, and room for another one."""
    rows = list(OpinionOption.objects.filter(opinion=opinion).values(*OPTION))
    return OptionFormSet(data, initial=rows, prefix="options")


class AnswersForm(forms.Form):
    """An outcome and an answer for each question of a patient."""

    answers_seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        self.questions = questions
        initial = {"answers_seen": fingerprint(questions)}
        for row in questions:
            initial |= {f"outcome_{row.pk}": row.outcome, f"answer_{row.pk}": row.answer}
        super().__init__(*args, initial=initial, **kwargs)
        for row in questions:
            self.fields[f"outcome_{row.pk}"] = forms.ChoiceField(
                label="What came of it", choices=Question.Outcome, required=False, widget=Radios
            )
            self.fields[f"answer_{row.pk}"] = long_text("Answer", "The patient reads it.", most=2000, rows=4)

    @property
    def rows(self) -> Iterable[tuple[Question, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"outcome_{row.pk}"], self[f"answer_{row.pk}"]) for row in self.questions]

    @property
    def answers(self) -> dict[int, dict[str, str]]:
        said = self.cleaned_data
        return {
            row.pk: {"outcome": said[f"outcome_{row.pk}"], "answer": said[f"answer_{row.pk}"]}
            for row in self.questions
        }

    @property
    def left_over(self) -> list[str]:
        """Answers to questions that the patient has taken away meanwhile: shown, so that they are not lost."""
        gone = [name for name in self.data if ANSWER.fullmatch(name) and name not in self.fields]
        return [words for name in gone if (words := self.data[name].strip())]


class CorrectForm(forms.Form):
    why = text(
        "What is corrected, and why?",
        "The patient reads it, above the new version.",
        most=1000,
        errors={"required": "Say what is corrected, and why."},
    )


class TestForm(forms.Form):
    """How to get ready for a test. Its fields are named as the instruction's."""

    __test__ = False  # pytest takes it for a test

    test = LineField(
        label="Test",
        help_text="Which one, and where.",
        max_length=200,
        error_messages={"required": "Name the test."},
    )
    day = DayField(label="Day", required=False)
    text = text(
        "What to do",
        "Food and drink, medicines, clothing, what to bring.",
        most=2000,
        errors={"required": "Write what to do."},
    )
