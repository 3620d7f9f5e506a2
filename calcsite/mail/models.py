"""Mail as rows: the states of a delivery, and the e-mails to staff."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

LEASE = timedelta(minutes=10)  # longer than any mail server takes to answer


class DeliveryStatus(models.TextChoices):
    """The state of a delivery. All but *waiting* are final."""

    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Refused by the mail server, or given up"
    EXPIRED = "expired", "Out of date before it could be sent"
    DROPPED = "dropped", "Not needed any more"


class DeliveryQuerySet(models.QuerySet):
    def due(self, at: datetime | None = None) -> "DeliveryQuerySet":
        """Deliveries to attempt now, the longest wait first: no worker leases them and no pause is left."""
        now = at or timezone.now()
        is_free = Q(leased_until=None) | Q(leased_until__lte=now)
        is_rested = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
        return self.filter(is_free, is_rested, status=DeliveryStatus.WAITING, due_at__lte=now).order_by("due_at", "pk")


class Delivery(models.Model):
    """One e-mail to one address, and how far it has come. The row is the queue (`calcsite.mail.sending`).

    A worker leases a waiting row, sends the e-mail, and writes the outcome. When the worker dies in between, the
    delivery is due again after the lease, with the same Message-ID.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.WAITING)
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True, help_text="After an attempt that failed.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Attempts that failed.")
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["due_at"], condition=Q(status="waiting"), name="%(class)s_due")]

    @property
    def message_id(self) -> str:
        """The Message-ID of every attempt (RFC 5322, 3.6.4), by which a mailbox recognises a copy."""
        return f"<{self.uid.hex}@{settings.MESSAGE_ID_DOMAIN}>"

    def claim(self, at: datetime | None = None) -> bool:
        """Whether this worker has leased the row: compare-and-swap with the state in which it was read."""
        until = (at or timezone.now()) + LEASE
        unchanged = type(self).objects.filter(
            pk=self.pk, status=DeliveryStatus.WAITING, leased_until=self.leased_until, attempts=self.attempts
        )
        self.leased_until = until
        return unchanged.update(leased_until=until) == 1

    def finish(self, status: DeliveryStatus, **fields: object) -> None:
        """Write a final state. The lease ends with it."""
        type(self).objects.filter(pk=self.pk).update(status=status, leased_until=None, **fields)


class StaffMail(Delivery):
    """An e-mail to staff, kept as it is sent: invitations, passwords, weekly summaries."""

    to = models.EmailField(max_length=254)
    sender = models.CharField(max_length=300, blank=True)
    subject = models.TextField()
    text = models.TextField()
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)

    class Meta(Delivery.Meta):
        verbose_name = "e-mail to staff"
        verbose_name_plural = "e-mails to staff"

    def __str__(self) -> str:
        return f"{self.subject}, to {self.to}"
