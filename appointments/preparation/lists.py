"""The tools of a preparation that keep rows: the model and the form of each, and the words on its pages."""

from collections.abc import Callable
from dataclasses import dataclass

from appointments.models import (
    Appointment,
    HistoryEntry,
    Medicine,
    Question,
    Referral,
    SpecialistChoice,
    Symptom,
    TreatmentOption,
)
from appointments.models.preparation import PackRow, Written
from appointments.preparation import forms, suggestions
from appointments.preparation.rows import has_values
from appointments.preparation.suggestions import Suggestion


@dataclass(frozen=True)
class WrittenTool:
    """A tool, with the model of its rows and the form of one row."""

    model: type[Written]
    form: type[forms.RowForm]
    purpose: str  # shown where no task on the patient's list explains the tool

    @property
    def name(self) -> str:
        return self.model.TOOL.value

    @property
    def title(self) -> str:
        return self.model.TOOL.label


@dataclass(frozen=True)
class ListTool(WrittenTool):
    """A tool that keeps a list of rows."""

    model: type[PackRow]
    row_label: str  # as in "Add a question"
    order_hint: str = ""  # the meaning of the order; without it, rows stay in the order of writing
    choose_label: str = ""  # of the link to the suggestions
    suggest: Callable[[Appointment], list[Suggestion]] = lambda appointment: []

    def rows(self, appointment: Appointment) -> list[PackRow]:
        return list(self.model.objects.filter(appointment=appointment))

    def new_suggestions(self, appointment: Appointment) -> list[Suggestion]:
        """The suggestions that are not on the list yet."""
        rows = self.rows(appointment)
        return [each for each in self.suggest(appointment) if not any(has_values(row, each.values) for row in rows)]


@dataclass(frozen=True)
class SingleTool(WrittenTool):
    """A tool that keeps one row."""

    lead: str


LISTS = {
    tool.name: tool
    for tool in [
        ListTool(
            model=HistoryEntry,
            form=forms.HistoryForm,
            row_label="an illness, operation or allergy",
            purpose="Write down illnesses, operations and allergies, and illnesses in your family.",
        ),
        ListTool(
            model=Symptom,
            form=forms.SymptomForm,
            row_label="a symptom or a worry",
            purpose="Write down what you feel, and what worries you.",
            order_hint="Is what troubles you most at the top? If not, move it up.",
        ),
        ListTool(
            model=Question,
            form=forms.QuestionForm,
            row_label="a question",
            purpose="Write down what you want to ask, so that nothing is forgotten on the day.",
            order_hint="Is the most important question at the top? If not, move it up.",
            choose_label="Choose from questions that people ask",
            suggest=suggestions.questions,
        ),
        ListTool(
            model=Medicine,
            form=forms.MedicineForm,
            row_label="a medicine, supplement or vitamin",
            purpose="Write down all that you take, also what you buy without a prescription.",
        ),
        ListTool(
            model=TreatmentOption,
            form=forms.OptionForm,
            row_label="a treatment",
            purpose="Write down the treatments that you want to talk about.",
            order_hint="Is what you want to talk about first at the top? If not, move it up.",
            choose_label="Choose from the treatments on our page",
            suggest=suggestions.treatments,
        ),
    ]
}
SINGLES = {
    tool.name: tool
    for tool in [
        SingleTool(
            model=SpecialistChoice,
            form=forms.SpecialistForm,
            purpose="",
            lead="Tell us which kind of specialist you look for, and whom you see already.",
        ),
        SingleTool(
            model=Referral,
            form=forms.ReferralForm,
            purpose="A referral is when a doctor sends you to a specialist.",
            lead="Tell us whether you have a referral.",
        ),
    ]
}
