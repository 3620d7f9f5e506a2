"""Models for both apps: the clinic's details, profiles of staff, the public version, and counts of attempts."""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

__all__ = ["Attempts", "ClinicDetails", "PublicName", "PublicVersion", "StaffMail", "StaffProfile"]

TELEPHONE = RegexValidator(
    r"\A[0-9+(]([0-9 ().-]*[0-9])?\Z", "Write a telephone number: digits, spaces, + and brackets."
)


class ClinicDetails(models.Model):
    """The clinic that runs this site. Exactly one row; every page shows it."""

    name = models.CharField("name of the clinic", max_length=100, help_text="Shown at the top of every page.")
    telephone = models.CharField(
        max_length=40,
        validators=[TELEPHONE],
        help_text="As people should read it, with spaces: “01632 960 123”. Shown on every page.",
    )
    email = models.EmailField("e-mail address", help_text="Where patients may write. Shown on every page.")
    address = models.TextField(blank=True, help_text="One line for each line of the address.")
    opening_hours = models.CharField(
        max_length=120, help_text="When the telephone is answered, for example “Monday to Friday, 9am to 5pm”."
    )
    emergency_number = models.CharField(
        max_length=20,
        validators=[TELEPHONE],
        help_text="The number that people in your country call for an ambulance. On every care card.",
    )
    is_demonstration = models.BooleanField(
        "demonstration site",
        default=True,
        help_text="Says on every page that names and telephone numbers are made up. Untick when they are real.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "clinic details"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="only_one_clinic")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "ClinicDetails":
        """The clinic's details; those of a demonstration clinic until they are filled in.

        The default telephone number is from the range that Ofcom reserves for drama, and reaches no subscriber.
        """
        return cls.objects.first() or cls(
            pk=1,
            name="Calcsite Clinic",
            telephone="01632 960 123",
            email="hello@clinic.example",
            opening_hours="Monday to Friday, 9am to 5pm",
            emergency_number="999",
        )


class PublicVersion(models.Model):
    """A number that changes with every change to a public page.

    Database triggers change it (`calcsite.database.triggers`) in the transaction of the change itself, for every way
    of writing. A cached page is valid while the number is the one that it was made under.
    """

    number = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="only_one_public_version")]

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def current(cls) -> int:
        """The number now; 0 before there was anything public."""
        return cls.objects.values_list("number", flat=True).first() or 0

    @classmethod
    def lock(cls, number: int) -> bool:
        """Whether `number` is the number now. If so, no other transaction changes it until the caller's has ended."""
        return cls.objects.select_for_update().filter(number=number).first() is not None


class PublicName(NamedTuple):
    """A member of staff as the public pages name them."""

    name: str
    credentials: str


class StaffProfile(models.Model):
    """A member of staff's data besides the account."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    credentials = models.CharField(
        max_length=200,
        blank=True,
        help_text="As the public reads them behind the name: “MBBS, FRCR, consultant radiologist”.",
    )
    wants_digest = models.BooleanField(
        "weekly e-mail", default=True, help_text="Send a summary of what needs attention, once a week."
    )

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()

    @classmethod
    def of(cls, user: AbstractUser) -> PublicName:
        """The public name and credentials of `user`; "" for empty fields."""
        credentials = cls.objects.filter(user=user).values_list("credentials", flat=True).first()
        return PublicName(user.get_full_name().strip(), (credentials or "").strip())


class Attempts(models.Model):
    """The number of attempts in a window of time (`calcsite.security.limits`). The key is a hash."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return f"{self.count} until {self.ends_at}"


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

    def leased(self) -> models.QuerySet:
        """The row while this lease lasts: empty after its end, as when the address was corrected meanwhile."""
        mine = {"status": DeliveryStatus.WAITING, "leased_until": self.leased_until}
        return type(self).objects.filter(pk=self.pk, **mine)

    def finish(self, status: DeliveryStatus, **fields: object) -> None:
        """Write a final state. The lease ends with it, and so does the answer of a mail server."""
        self.leased().update(status=status, leased_until=None, last_error="", **fields)


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
