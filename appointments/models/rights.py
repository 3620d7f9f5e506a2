"""A patient's rights over their data: consent, erasure, legal holds, and links for carers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.choices import ConsentKind
from appointments.models.access import Link
from appointments.models.appointments import Appointment


class Consent(models.Model):
    """One consent to one version of a text. A withdrawn one stays on record."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=ConsentKind)
    version = models.CharField(max_length=20)
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["given_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind"], condition=Q(withdrawn_at=None), name="one_consent_of_a_kind_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.appointment}: {self.get_kind_display()}, {self.version}"


class ErasureRequestQuerySet(models.QuerySet):
    def waiting(self) -> "ErasureRequestQuerySet":
        """Requests that staff have not refused; those carried out are erased themselves."""
        return self.filter(refused_at=None)


class ErasureRequest(models.Model):
    """A patient's request to erase all their data. Staff carry it out, or refuse with a reason."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="erasure_requests")
    asked_at = models.DateTimeField(default=timezone.now)
    refused_at = models.DateTimeField(null=True, blank=True)
    refused_why = models.TextField(max_length=1000, blank=True)
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at", "pk"]
        permissions = [("erase_patient", "Can erase everything held about a patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(refused_at=None), name="one_open_erasure_request"
            ),
            models.CheckConstraint(
                condition=Q(refused_at=None) | Q(refused_by__isnull=False) & ~Q(refused_why=""),
                name="refused_with_a_name_and_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment}, {self.asked_at:%d.%m.%Y}"


class LegalHoldQuerySet(models.QuerySet):
    def lasting(self) -> "LegalHoldQuerySet":
        """Legal holds that have not ended."""
        return self.filter(ended_at=None)


class LegalHold(models.Model):
    """While it lasts, nothing of an appointment is deleted, by retention or by erasure."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="legal_holds")
    why = models.CharField(max_length=300)
    placed_at = models.DateTimeField(default=timezone.now)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at", "-pk"]
        permissions = [("hold_legally", "Can keep records from being deleted")]

    def __str__(self) -> str:
        return f"{self.appointment}: {self.why}"


class Tombstone(models.Model):
    """The remains of an erased appointment: a digest of its `uid`, and the time. It identifies no person.

    It is stored outside the database too (`governance.tombstones`), so that it is applied again after a restore from
    an older backup.
    """

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest[:12]


class CarerLink(Link):
    """A secret that lets a carer see time, place and preparation of one appointment, and nothing medical."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="carer_links")
    name = models.CharField("who it is for", max_length=200)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.appointment}"
