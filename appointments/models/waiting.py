"""The waiting list: people who would take an earlier time, and what was offered to whom."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.models.appointments import Appointment
from appointments.models.clinicians import Clinician
from appointments.models.hours import Slot


class WaitingEntry(models.Model):
    """Somebody who would take an earlier time than the one of their appointment, of its kind and in its mode."""

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="waiting")
    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["since"]
        verbose_name_plural = "waiting list"

    def __str__(self) -> str:
        return f"{self.appointment}, since {self.since:%d.%m.%Y}"


class Offer(models.Model):
    """One freed slot, offered to one person, who opens it with their own link. Whoever takes the slot first has it."""

    entry = models.ForeignKey(WaitingEntry, on_delete=models.CASCADE, related_name="offers")
    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="offers")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    accepted = models.BooleanField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "slot"], name="one_offer_of_a_slot_to_one_person"),
            models.UniqueConstraint(fields=["slot"], condition=Q(answered_at=None), name="one_open_offer_a_slot"),
            models.UniqueConstraint(fields=["entry"], condition=Q(answered_at=None), name="one_open_offer_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.slot} to {self.entry}"
