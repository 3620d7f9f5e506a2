"""The audit log of reading and changing patients' records, which is append-only."""

from django.contrib.auth.models import AbstractBaseUser

from appointments.models import Appointment, AuditEntry

PATIENT, SITE = "the patient", "the site"
Action = AuditEntry.Action


def record(action: Action, *appointments: Appointment, by: AbstractBaseUser | str, detail: str = "") -> None:
    """Add one audit entry for each record, in the caller's transaction.

    `by` is a member of staff, or a name such as `PATIENT`. Raises TypeError if it is empty, so that an omission is not
    taken for an action of the patient.
    """
    if not by:
        raise TypeError("an entry in the audit log names who did it")
    user, actor = (None, by) if isinstance(by, str) else (by, by.get_username())
    entries = [
        AuditEntry(
            appointment=appointment,
            reference=appointment.reference,
            action=action,
            by=user,
            actor=actor,
            detail=detail,
        )
        for appointment in appointments
    ]
    AuditEntry.objects.bulk_create(entries)
