"""Forms of staff about preparation: answers to a patient's questions, and instructions for tests."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from appointments.booking.staff_forms import DayField, long_text, text
from appointments.forms.fields import LineField, Radios
from appointments.models import Question
from appointments.preparation.answers import fingerprint

ANSWER = re.compile(r"answer_\d+")


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
