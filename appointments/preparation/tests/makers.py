"""A patient's preparation, for tests."""

from datetime import date

from django.contrib.auth.models import User

from appointments.choices import Tool
from appointments.models import (
    Appointment,
    ChecklistItem,
    HistoryEntry,
    Medicine,
    Question,
    QuestionPrompt,
    Referral,
    SpecialistChoice,
    Symptom,
    TreatmentOption,
)
from appointments.preparation.rows import add_rows, instruct, keep
from appointments.tests.factories import make_appointment
from calcsite.tests.people import make_person
from conditions.models import Condition

# The form data of one row, for each list.
ROWS: dict[str, dict[str, str]] = {
    "history": {"kind": "allergy", "what": "Penicillin", "when": "1995", "detail": "A rash"},
    "symptoms": {"kind": "symptom", "what": "A stiff arm", "since": "March", "severity": "0", "helps": "Warmth"},
    "questions": {"text": "Will it grow?"},
    "medicines": {"kind": "vitamin", "name": "Vitamin D", "dose": "One a day", "why": "Bones"},
    "options": {"name": "Watching it", "note": "How often?"},
}
SINGLE: dict[str, dict[str, str]] = {
    "specialist": {"specialty": "Rheumatology", "sees": "Dr Elsewhere", "note": "Near me"},
    "referral": {"status": "asked", "doctor": "Dr Family", "note": "By letter"},
}
MODELS = {"history": HistoryEntry, "symptoms": Symptom, "questions": Question, "medicines": Medicine}
MODELS |= {"options": TreatmentOption, "specialist": SpecialistChoice, "referral": Referral}


def make_checklist(condition: Condition | None = None) -> None:
    """One item for each tool, and a question to choose."""
    for position, tool in enumerate(Tool):
        ChecklistItem.objects.create(
            condition=condition,
            tool=tool,
            title=f"Do: {tool.label}",
            text="What it is for.\n\nMore.",
            position=position,
        )
    QuestionPrompt.objects.create(condition=condition, text="What happens if I wait?")


def make_preparing(**fields: object) -> Appointment:
    """A booking with a task for each tool."""
    if not ChecklistItem.objects.exists():
        make_checklist()
    return make_appointment(**fields)


def write(appointment: Appointment, *, rows: int = 1, word: str = "") -> None:
    """Fill in every tool, each list with so many rows; `word` is in every text."""
    for tool, values in ROWS.items():
        several = [
            {name: _with(name, value, f"{word} {number}") for name, value in values.items()} for number in range(rows)
        ]
        add_rows(appointment=appointment, model=MODELS[tool], rows=several)
    for tool, values in SINGLE.items():
        words = {name: _with(name, value, word) for name, value in values.items()}
        keep(appointment=appointment, model=MODELS[tool], values=words)
    author = User.objects.filter(username="nurse").first() or make_person(username="nurse")
    for number in range(rows):
        values = {"test": f"Blood test {word} {number}", "day": date(2026, 12, 1), "text": f"Eat nothing. {word}"}
        instruct(appointment=appointment, values=values, by=author)


def _with(name: str, value: str, word: str) -> str:
    return value if name in {"kind", "status", "severity"} else f"{value} {word}"
