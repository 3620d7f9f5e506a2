"""Appointments: a patient's claim on a slot, from hold to completion, and the draft of a booking."""

import secrets
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Upper
from django.utils import timezone

from appointments.choices import COMING, LIVE, Mode, Status
from appointments.models.clinicians import AppointmentType, Clinician
from appointments.models.hours import Slot
from calcsite.stale import fingerprint
from conditions.models import Condition

# Read out by telephone, none is taken for another: no vowels, so no words; no 0, 1, 2, 5, 8.
ALPHABET = "CDFGHJKLMNPQRTVWXY34679"
REFERENCE_LENGTH = 8
REACHABLE = timedelta(days=2 * 365)  # after it, patients come back to their opinion and recovery plan by a link


def new_reference() -> str:
    """A reference that can be read out by telephone: 23^8 of them, so about 36 bits. It opens nothing by itself."""
    return "".join(secrets.choice(ALPHABET) for _ in range(REFERENCE_LENGTH))


class AppointmentQuerySet(models.QuerySet):
    def live(self) -> "AppointmentQuerySet":
        """Appointments that take a slot."""
        return self.filter(status__in=LIVE)

    def coming(self, at: datetime | None = None) -> "AppointmentQuerySet":
        """Appointments whose patient is still expected."""
        return self.filter(status__in=COMING, slot__starts__gt=at or timezone.now())

    def booked(self) -> "AppointmentQuerySet":
        """Appointments that are more than a hold."""
        return self.exclude(status=Status.HELD)

    def reachable(self, at: datetime | None = None) -> "AppointmentQuerySet":
        """Appointments that a link may lead to: booked, not cancelled, and not over for longer than `REACHABLE`."""
        since = (at or timezone.now()) - REACHABLE
        return self.booked().exclude(status=Status.CANCELLED).filter(slot__starts__gt=since)

    def of_address(self, email: str) -> "AppointmentQuerySet":
        """Appointments of one e-mail address in any case; by an index, which SQLite does not use for `iexact`."""
        return self.alias(address=Upper("email")).filter(address=Upper(Value(email)))

    def let_go(self) -> int:
        """Delete the rows that are holds at this moment, in one statement. Returns how many.

        A hold has no patient, and no rows that belong to it but its draft's: that has to be cut loose before.
        """
        return self.filter(status=Status.HELD)._raw_delete(self.db)

    def run_out(self, at: datetime | None = None) -> "AppointmentQuerySet":
        """Holds whose time is over."""
        return self.filter(status=Status.HELD, held_until__lte=at or timezone.now())

    def unconfirmed(self) -> "AppointmentQuerySet":
        """Appointments with an unconfirmed e-mail address."""
        return self.filter(status=Status.BOOKED).exclude(email="")

    def orphaned(self) -> "AppointmentQuerySet":
        """Appointments outside of their clinician's hours."""
        return self.filter(status__in=COMING, slot__is_covered=False)


class Appointment(models.Model):
    """A patient's claim on a slot. It keeps its own copy of the patient's details.

    The partial unique constraint decides every race for a slot, on both databases. A hold has no patient yet: the
    answers are in the `Draft` until it is booked, so a hold that runs out loses nothing.
    """

    reference = models.CharField(max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False)
    uid = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False, help_text="Of the calendar entry (RFC 5545)."
    )
    sequence = models.PositiveIntegerField(default=0, editable=False, help_text="Rises with every change (RFC 5545).")
    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="appointments")
    appointment_type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="appointments")
    mode = models.CharField(max_length=20, choices=Mode)
    status = models.CharField(max_length=20, choices=Status, default=Status.HELD)
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    booked_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_why = models.CharField(max_length=300, blank=True)

    name = models.CharField(max_length=200, blank=True)
    date_of_birth = models.DateField(null=True, blank=True)
    email = models.EmailField(blank=True)
    telephone = models.CharField(max_length=60, blank=True)
    time_zone = models.CharField(max_length=60, blank=True, help_text="The zone that the patient reads times in.")
    booked_by = models.CharField(
        max_length=20,
        choices=[("patient", "The patient"), ("carer", "Somebody for the patient"), ("staff", "Staff")],
        blank=True,
    )
    carer_name = models.CharField(max_length=200, blank=True)
    carer_relation = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=60, blank=True)
    needs_interpreter = models.BooleanField(default=False)
    needs = models.TextField("what would make the appointment easier", blank=True, max_length=1000)
    condition = models.ForeignKey(
        Condition, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments"
    )
    reason = models.TextField("why they ask", blank=True, max_length=3000)
    findings = models.TextField("what was found so far", blank=True, max_length=3000)
    consent_version = models.CharField(max_length=20, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["slot__starts"]
        permissions = [
            ("export_appointment", "Can save appointments as a spreadsheet"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slot"], condition=~Q(status="cancelled"), name="one_live_appointment_a_slot"
            ),
            models.CheckConstraint(
                condition=Q(status="held", held_until__isnull=False) | ~Q(status="held") & ~Q(name=""),
                name="a_hold_ends_and_a_booking_has_a_patient",
            ),
            models.CheckConstraint(
                condition=Q(status="held") | Q(booked_at__isnull=False), name="a_booking_has_booked_at"
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | Q(cancelled_at__isnull=False),
                name="a_cancellation_has_cancelled_at",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "held_until"], name="appointment_run_out"),
            models.Index(Upper("email"), name="appointment_by_email"),
        ]

    def __str__(self) -> str:
        return self.reference

    def is_coming(self, at: datetime | None = None) -> bool:
        """Whether the patient is still expected, as in `coming`."""
        return self.status in COMING and self.slot.starts > (at or timezone.now())

    def is_reachable(self, at: datetime | None = None) -> bool:
        """Whether a link may lead to it, as in `reachable`."""
        is_open = self.status not in (Status.HELD, Status.CANCELLED)
        return is_open and self.slot.starts > (at or timezone.now()) - REACHABLE

    @property
    def revision(self) -> str:
        """The fingerprint of the key and of `sequence`, which rises with every move and cancellation."""
        return fingerprint({"appointment": self.pk, "sequence": self.sequence})

    @property
    def standing(self) -> str:
        """Where it stands, in words for staff. Without an e-mail address there is none to confirm."""
        unreachable = self.status == Status.BOOKED and not self.email
        return "Booked, no e-mail address" if unreachable else self.get_status_display()

    @property
    def clinician(self) -> Clinician:
        return self.slot.clinician

    @property
    def spoken_reference(self) -> str:
        """The reference as people read it out: in two groups of four."""
        return f"{self.reference[:4]} {self.reference[4:]}"


class Note(models.Model):
    """A note of staff about an appointment. Patients don't read it; it is never changed."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="notes")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField(max_length=2000)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.appointment}, {self.at:%d.%m.%Y}"


class Draft(models.Model):
    """The answers of a patient who has not booked yet, question by question, and the hold that belongs to them.

    Its secret is in a cookie; only a digest is stored. It outlives a hold that ran out, a closed tab and a lost race.
    `answers` are by the name of the step (`booking.steps`). Until it is booked, `follow_up` is the follow-up that it
    was begun for, if it was begun from a recovery plan.
    """

    digest = models.CharField(max_length=64, unique=True)
    answers = models.JSONField(default=dict)
    appointment_type = models.ForeignKey(
        AppointmentType, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    clinician = models.ForeignKey(Clinician, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    condition = models.ForeignKey(Condition, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    appointment = models.OneToOneField(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, related_name="draft"
    )
    follow_up = models.ForeignKey("FollowUp", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now, db_index=True)
    # Keyed digests of the address and the network that the hold came from (`booking.limits`)
    address_digest = models.CharField(max_length=64, blank=True)
    network_digest = models.CharField(max_length=64, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"Draft {self.pk}"
