"""Auditing: who looked at a patient's record and who changed it, in a log that is only ever added to."""

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser

from appointments.models import Appointment, AuditEntry

PATIENT, SITE = "the patient", "the site"
Action = AuditEntry.Action


def record(
    action: Action,
    *appointments: Appointment,
    by: AbstractBaseUser | None = None,
    actor: str = PATIENT,
    detail: str = "",
) -> None:
    """Add one entry for each record, in the caller's transaction. With `by` the actor is that person's user name."""
    AuditEntry.objects.bulk_create(_entries(action, appointments, by=by, actor=actor, detail=detail))


def _entries(
    action: Action, appointments: Iterable[Appointment], *, by: AbstractBaseUser | None, actor: str, detail: str
) -> list[AuditEntry]:
    return [
        AuditEntry(
            appointment=appointment,
            reference=appointment.reference,
            action=action,
            by=by,
            actor=by.get_username() if by else actor,
            detail=detail,
        )
        for appointment in appointments
    ]
