"""Messages to patients: one row for each, written in the transaction of its cause."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from appointments.choices import MessageKind, Status
from appointments.models.appointments import Appointment
from appointments.models.opinions import Opinion
from appointments.models.recovery import RecoveryPlan
from appointments.models.waiting import Offer
from calcsite.models import Delivery, DeliveryQuerySet, DeliveryStatus

UNDELIVERED_AFTER = timedelta(hours=1)  # then a waiting message counts as failed


class MessageQuerySet(DeliveryQuerySet):
    def due(self, at: datetime | None = None) -> "MessageQuerySet":
        """Links and codes first: their patients wait for them at the screen."""
        is_awaited = Case(When(kind__in=Message.SECRET_ONLY, then=Value(0)), default=Value(1))
        return super().due(at).order_by(is_awaited, "due_at", "pk")

    def failed(self, at: datetime | None = None) -> "MessageQuerySet":
        """Messages for which staff have to telephone, the oldest first.

        The mail server refused them for good, or they expired, or they have been due for an hour. Acknowledged ones
        are not among them, nor codes, nor unsent messages that are not true any more: offers that are over, times
        before a move, and all of a cancelled appointment but the cancellation and the words of staff.
        """
        now = at or timezone.now()
        is_given_up = Q(status__in=[DeliveryStatus.REFUSED, DeliveryStatus.EXPIRED])
        is_stuck = Q(status=DeliveryStatus.WAITING, due_at__lte=now - UNDELIVERED_AFTER)
        is_over = Q(kind=Message.Kind.OFFER) & (Q(offer=None) | Q(offer__expires_at__lte=now))
        is_moved = Q(sequence__isnull=False) & ~Q(sequence=F("appointment__sequence"))
        is_cancelled = Q(appointment__status=Status.CANCELLED) & ~Q(kind__in=Message.AFTER_CANCELLING)
        found = self.filter(is_given_up | is_stuck, handled_at=None).exclude(appointment=None)
        found = found.exclude(Q(status=DeliveryStatus.WAITING) & (is_moved | is_cancelled))
        is_untold = is_over & ~Q(status=DeliveryStatus.REFUSED)
        return found.exclude(kind=Message.Kind.CODE).exclude(is_untold).order_by("created_at", "pk")


class Message(Delivery):
    """One message to the patient of one appointment. The constraints make it exactly one of its sort.

    The e-mail is rendered when it is sent, from the appointment as it is then, and stored nowhere
    (`appointments.messages.queue`). A message that is not true any more is dropped: a reminder of a cancelled
    appointment, for example.
    """

    Kind = MessageKind

    AFTER_CANCELLING = (Kind.CANCELLATION, Kind.STAFF)  # still true then
    SECRET_ONLY = (Kind.LINK, Kind.CODE)  # sent for their secret alone; the others say something besides

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="messages", null=True)
    kind = models.CharField(max_length=20, choices=Kind)
    text = models.TextField(
        blank=True, help_text="The words of staff; for a link without an appointment, the address that asked for it."
    )
    # The subject of the message, for the kinds that have one besides the appointment
    sequence = models.PositiveIntegerField(
        null=True, blank=True, help_text="The appointment's number of changes of which this tells."
    )
    days_before = models.PositiveSmallIntegerField(null=True, blank=True, help_text="For a reminder.")
    offer = models.OneToOneField(Offer, on_delete=models.SET_NULL, null=True, blank=True, related_name="message")
    opinion = models.OneToOneField(Opinion, on_delete=models.SET_NULL, null=True, blank=True, related_name="message")
    plan = models.OneToOneField(RecoveryPlan, on_delete=models.SET_NULL, null=True, blank=True, related_name="message")
    address_digest = models.CharField(max_length=64, blank=True, help_text="For a nudge: SHA-256 of the address.")
    day = models.DateField(null=True, blank=True, help_text="For a nudge: the day in the clinic's zone.")
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = MessageQuerySet.as_manager()

    class Meta(Delivery.Meta):
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "sequence"],
                condition=Q(days_before=None),
                name="one_message_of_a_kind_for_a_change",
            ),
            models.UniqueConstraint(
                fields=["appointment", "sequence", "days_before"], name="one_reminder_of_a_time_on_a_day"
            ),
            models.UniqueConstraint(fields=["address_digest", "day"], name="one_nudge_of_an_address_on_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def is_about(self, appointment: Appointment) -> bool:
        """Whether an appointment has not changed since the message was written. Always, for one that tells no time."""
        return self.sequence in (None, appointment.sequence)
