"""A stand-in for `preparation.pack_of`, which another part of the work builds. It goes when that is there."""

from typing import Any

from appointments.models import Appointment


def pack_of(appointment: Appointment) -> dict[str, Any]:
    """What a patient has prepared for an appointment, list by list."""
    return {
        "appointment": appointment,
        "history": list(appointment.historyentry_set.all()),
        "symptoms": list(appointment.symptom_set.all()),
        "questions": list(appointment.question_set.all()),
        "medicines": list(appointment.medicine_set.all()),
        "tests": list(appointment.testinstruction_set.all()),
        "options": list(appointment.treatmentoption_set.all()),
    }
