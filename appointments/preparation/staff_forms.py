"""Forms of staff about preparation: answers to a patient's questions, and instructions for tests."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from appointments.booking.staff_forms import DayField, long_text, text
from appointments.forms.fields import LineField, Radios
from appointments.models import Question
from appointments.preparation.answers import fingerprint_of
from calcsite.stale import SeenMixin

ANSWER = re.compile(r"answer_\d+")


class AnswersForm(SeenMixin, forms.Form):
    """An outcome and an answer for each question of a patient."""

    def __init__(self, *args: Any, questions: Sequence[Question], **kwargs: Any) -> None:
        self.questions = questions
        initial = {}
        for row in questions:
            initial |= {f"outcome_{row.pk}": row.outcome, f"answer_{row.pk}": row.answer}
        super().__init__(*args, initial=initial, state=fingerprint_of(questions), **kwargs)
        for row in questions:
            self.fields[f"outcome_{row.pk}"] = forms.ChoiceField(
                label="What came of it", choices=Question.Outcome, required=False, widget=Radios
            )
            self.fields[f"answer_{row.pk}"] = long_text("Answer", "The patient reads it.", most=2000, rows=4)

    def add_prefix(self, field_name: str) -> str:
        """The opinion's form, which has a `seen` of its own, can be in the same form element."""
        return super().add_prefix("answers_seen" if field_name == "seen" else field_name)

    @property
    def rows(self) -> Iterable[tuple[Question, forms.BoundField, forms.BoundField]]:
        return [(row, self[f"outcome_{row.pk}"], self[f"answer_{row.pk}"]) for row in self.questions]

    @property
    def answers(self) -> dict[int, dict[str, str]]:
        return {
            row.pk: {name: self.cleaned_data[f"{name}_{row.pk}"] for name in ("outcome", "answer")}
            for row in self.questions
        }

    @property
    def left_over(self) -> list[str]:
        """Typed answers to questions that the patient has removed meanwhile: shown, so that they are not lost."""
        gone = [name for name in self.data if ANSWER.fullmatch(name) and name not in self.fields]
        return [words for name in gone if (words := self.data[name].strip())]


class TestForm(forms.Form):
    """Instructions for a test, with fields named as the model's."""

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
