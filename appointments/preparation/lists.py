"""The tools of a patient's preparation: which list each keeps, how it asks for a row, and what it says."""

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
from appointments.preparation.suggestions import Suggestion
from appointments.preparation.tasks import says


def nothing(appointment: Appointment) -> list[Suggestion]:
    return []


@dataclass(frozen=True)
class Kept:
    """What a tool keeps, and the form that asks for it."""

    model: type[Written]
    form: type[forms.RowForm]
    alone: str  # what it is for, where no task of the patient's list says so

    @property
    def name(self) -> str:
        return self.model.TOOL.value

    @property
    def title(self) -> str:
        return self.model.TOOL.label


@dataclass(frozen=True)
class ListTool(Kept):
    """A list of rows."""

    model: type[PackRow]
    one: str  # as in "Add a question"
    ordered: str = ""  # what the order means; without it, the list is in the order of writing
    choose: str = ""  # where to choose instead of writing
    suggest: Callable[[Appointment], list[Suggestion]] = nothing

    def rows(self, appointment: Appointment) -> list[PackRow]:
        return list(self.model.objects.filter(appointment=appointment))

    def left(self, appointment: Appointment) -> list[Suggestion]:
        """What may be chosen and is not on the list yet."""
        rows = self.rows(appointment)
        return [each for each in self.suggest(appointment) if not any(says(row, each.values) for row in rows)]


@dataclass(frozen=True)
class SingleTool(Kept):
    """Something that there is one of."""

    lead: str


LISTS = {
    kept.name: kept
    for kept in [
        ListTool(
            model=HistoryEntry,
            form=forms.HistoryForm,
            one="an illness, operation or allergy",
            alone="Write down illnesses, operations and allergies, and illnesses in your family.",
        ),
        ListTool(
            model=Symptom,
            form=forms.SymptomForm,
            one="a symptom or a worry",
            alone="Write down what you feel, and what worries you.",
            ordered="Is what troubles you most at the top? If not, move it up.",
        ),
        ListTool(
            model=Question,
            form=forms.QuestionForm,
            one="a question",
            alone="Write down what you want to ask, so that nothing is forgotten on the day.",
            ordered="Is the most important question at the top? If not, move it up.",
            choose="Choose from questions that people ask",
            suggest=suggestions.questions,
        ),
        ListTool(
            model=Medicine,
            form=forms.MedicineForm,
            one="a medicine, supplement or vitamin",
            alone="Write down all that you take, also what you buy without a prescription.",
        ),
        ListTool(
            model=TreatmentOption,
            form=forms.OptionForm,
            one="a treatment",
            alone="Write down the treatments that you want to talk about.",
            ordered="Is what you want to talk about first at the top? If not, move it up.",
            choose="Choose from the treatments on our page",
            suggest=suggestions.treatments,
        ),
    ]
}
SINGLES = {
    kept.name: kept
    for kept in [
        SingleTool(
            model=SpecialistChoice,
            form=forms.SpecialistForm,
            alone="",
            lead="Tell us which kind of specialist you look for, and whom you see already.",
        ),
        SingleTool(
            model=Referral,
            form=forms.ReferralForm,
            alone="A referral is when a doctor sends you to a specialist.",
            lead="Tell us whether you have a referral.",
        ),
    ]
}
