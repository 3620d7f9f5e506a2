"""The audit log of patients' records. Triggers in the database refuse changes and deletions."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from appointments.choices import AuditAction
from appointments.models.appointments import Appointment


class AuditEntry(models.Model):
    """One reading or change of one record, with its actor and time (45 CFR 164.312(b); IHE Basic Audit, PatientRead).

    `by` is None for the patient and for the site itself; `actor` names them. An entry outlives the record.
    """

    Action = AuditAction

    appointment = models.ForeignKey(
        Appointment, on_delete=models.DO_NOTHING, db_constraint=False, related_name="audit", null=True
    )
    reference = models.CharField(max_length=8)
    action = models.CharField("what", max_length=20, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.CharField("who", max_length=150, help_text="A user name, “the patient” or “the site”.")
    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    detail = models.CharField(max_length=300, blank=True, help_text="Never anything medical.")

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "entry in the audit log"
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.reference}: {self.get_action_display()}"
