"""A patient's rights over what is held about them: consent, erasure, and who else may see when and where."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.choices import ConsentKind
from appointments.models.access import Link
from appointments.models.appointments import Appointment


class Consent(models.Model):
    """One agreement, to one version of a text. Withdrawn, it stays on record."""

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
        """Those that nobody has answered: what is carried out is gone with all else."""
        return self.filter(refused_at=None)


class ErasureRequest(models.Model):
    """A patient asks that everything held about them be erased. Staff carry it out, or say why not."""

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
        """Those that nobody has ended."""
        return self.filter(ended_at=None)


class LegalHold(models.Model):
    """While it lasts, nothing of an appointment is deleted: not by retention, and not by erasure."""

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
    """What remains of an appointment that was erased: a digest of its number (`uid`), and when. No identity.

    It is kept outside the database too (`erasure`), so that it is applied again after a restore from an older backup.
    """

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest[:12]


class CarerLink(Link):
    """A secret that lets somebody else see time, place and preparation of one appointment, and nothing medical."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="carer_links")
    name = models.CharField("who it is for", max_length=200)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name}, {self.appointment}"
