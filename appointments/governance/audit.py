"""Auditing: who looked at a patient's record and who changed it, in a log that is only ever added to."""

from django.contrib.auth.models import AbstractBaseUser

from appointments.models import Appointment, AuditEntry

PATIENT, SITE = "the patient", "the site"
Action = AuditEntry.Action


def record(action: Action, *appointments: Appointment, by: AbstractBaseUser | str, detail: str = "") -> None:
    """Add one entry for each record, in the caller's transaction.

    It says who it was in every case: a member of staff, or a name such as `PATIENT`. Raises TypeError when nobody is
    named, so that who forgets to say so does not put it on the patient.
    """
    if not by:
        raise TypeError("an entry in the audit log names who did it")
    user, actor = (None, by) if isinstance(by, str) else (by, by.get_username())
    AuditEntry.objects.bulk_create(
        AuditEntry(
            appointment=appointment,
            reference=appointment.reference,
            action=action,
            by=user,
            actor=actor,
            detail=detail,
        )
        for appointment in appointments
    )
