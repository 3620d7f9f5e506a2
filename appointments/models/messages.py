"""Messages to patients: one row for each, written in the transaction of its cause."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from post_office.models import Email

from appointments.choices import MessageKind
from appointments.models.appointments import Appointment


class MessageQuerySet(models.QuerySet):
    def due(self, at: datetime | None = None) -> "MessageQuerySet":
        """Messages due and not composed yet, the longest wait first."""
        now = at or timezone.now()
        rested = Q(not_before=None) | Q(not_before__lte=now)
        return self.filter(rested, composed_at=None, due_at__lte=now).order_by("due_at", "pk")


class Message(models.Model):
    """One message to the patient of one appointment. `key` makes it exactly one: a second one by that key is refused.

    It is composed from the state of the appointment when it is sent (`messaging`), and goes through the outbox as
    `email`. A message that has nothing to say any more, a reminder of a cancelled appointment, say, is composed to
    nothing: `composed_at` without `email`. The outbox forgets what it sent after some weeks, and `sent_at` does not.
    """

    Kind = MessageKind

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="messages", null=True)
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    text = models.TextField(blank=True, help_text="What staff wrote, for a message from staff.")
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    composed_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="For one that could not be composed: when to try again."
    )
    email = models.OneToOneField(
        Email, on_delete=models.SET_NULL, null=True, blank=True, related_name="patient_message"
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["due_at"], condition=Q(composed_at=None), name="message_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.key}"

    def is_about(self, appointment: Appointment) -> bool:
        """Whether an appointment is as it was when this was asked for: `booking.tell` puts that into the key.

        What tells of no time is about it however often it was moved.
        """
        tells_a_time = self.kind in {self.Kind.CONFIRMATION, self.Kind.CHANGE, self.Kind.REMINDER}
        return not tells_a_time or self.key.split("-")[2] == str(appointment.sequence)

    @property
    def number(self) -> int:
        """The row that a message is about, by the end of its key."""
        return int(self.key.rpartition("-")[2])
