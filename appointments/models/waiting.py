"""The waiting list: patients who would take an earlier time, and the offers to them."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.models.appointments import Appointment
from appointments.models.clinicians import Clinician
from appointments.models.hours import Slot

# Offers in a row without an answer, after which an entry ends. Each can be answered for four hours: one may come at
# night and the next one during work. A patient who has ignored three does not want a fourth.
IGNORED_MOST = 3


class WaitingEntry(models.Model):
    """A patient who would take an earlier slot than the appointment's own, of its type and in its mode."""

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="waiting")
    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    ignored = models.PositiveSmallIntegerField(default=0, help_text="Offers in a row that they did not answer.")

    class Meta:
        ordering = ["since"]
        verbose_name_plural = "waiting list"

    def __str__(self) -> str:
        return f"{self.appointment}, since {self.since:%d.%m.%Y}"

    @property
    def rests(self) -> bool:
        """Whether it has ended because the offers were ignored."""
        return self.ended_at is not None and self.ignored >= IGNORED_MOST

    @property
    def is_at_the_last(self) -> bool:
        """Whether one more offer without an answer ends it."""
        return self.ignored == IGNORED_MOST - 1


class OfferQuerySet(models.QuerySet):
    def open(self, at: datetime | None = None) -> "OfferQuerySet":
        """Offers that can be answered: they have no answer, and there is still time."""
        return self.filter(answered_at=None, expires_at__gt=at or timezone.now())


class Offer(models.Model):
    """A freed slot that is offered to one patient, by their own link. The first booking has the slot."""

    entry = models.ForeignKey(WaitingEntry, on_delete=models.CASCADE, related_name="offers")
    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="offers")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    accepted = models.BooleanField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "slot"], name="one_offer_of_a_slot_to_one_person"),
            models.UniqueConstraint(fields=["slot"], condition=Q(answered_at=None), name="one_open_offer_a_slot"),
            models.UniqueConstraint(fields=["entry"], condition=Q(answered_at=None), name="one_open_offer_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.slot} to {self.entry}"
