"""A patient's way back in: a link, and a code for medical pages. Only digests of the secrets are stored."""

from datetime import datetime

from django.db import models
from django.utils import timezone

from appointments.models.appointments import Appointment


class LinkQuerySet(models.QuerySet):
    def usable(self, at: datetime | None = None) -> "LinkQuerySet":
        """Links that have neither ended nor expired, with the rows that a page shows of their appointment."""
        links = self.filter(ended_at=None, expires_at__gt=at or timezone.now())
        return links.select_related(
            "appointment__slot__clinician", "appointment__slot__location", "appointment__appointment_type"
        )


class Link(models.Model):
    """A secret that opens one appointment to its bearer. Each subclass has a foreign key `appointment`."""

    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        abstract = True


class PatientLink(Link):
    """A secret that was e-mailed to a patient. It ends when it is reissued, on cancellation, and with retention."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="links")

    def __str__(self) -> str:
        return f"Link of {self.appointment}"


class Code(models.Model):
    """A six-digit code that was e-mailed to a patient, valid for ten minutes and for few guesses, once."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    guesses = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Code of {self.appointment}"
