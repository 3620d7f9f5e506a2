"""Clinicians, types of appointment, and locations."""

import zoneinfo
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from appointments.choices import Mode
from conditions.choices import TagKind
from conditions.models import Condition, Tag
from conditions.models.working import SLUG

PHOTOGRAPH_FOLDER = "clinicians"  # in the default storage
DEMONSTRATION = "(demonstration)"


def default_time_zone() -> str:
    return settings.TIME_ZONE


def validate_time_zone(name: str) -> None:
    """Raises ValidationError for a name that the IANA time zone database does not have."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Write the zone as the IANA database names it, for example “Europe/London”.")


class Location(models.Model):
    """A place where patients come in person."""

    name = models.CharField(max_length=100, unique=True)
    address = models.TextField(help_text="One line for each line of the address.")
    access = models.TextField(
        "how to get in",
        blank=True,
        help_text="Steps, lifts, parking, hearing loop: what somebody needs to know before.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AppointmentType(models.Model):
    """A kind of appointment, with the rules for booking it."""

    name = models.CharField(max_length=100, unique=True, help_text="As a patient reads it: “Second opinion”.")
    slug = models.CharField("address", max_length=60, unique=True, validators=[SLUG])
    description = models.TextField(blank=True, help_text="What happens in it, in one or two sentences.")
    minutes = models.PositiveSmallIntegerField("length in minutes", default=45, validators=[MinValueValidator(5)])
    buffer_minutes = models.PositiveSmallIntegerField(
        "minutes kept free afterwards", default=0, help_text="At least, for notes. Patients don't see them."
    )
    notice_hours = models.PositiveSmallIntegerField(
        "shortest notice in hours", default=24, help_text="Nobody can book later than this before the time."
    )
    horizon_days = models.PositiveSmallIntegerField(
        "days ahead", default=60, help_text="How far ahead patients can book.", validators=[MinValueValidator(1)]
    )
    video = models.BooleanField("by video call", default=True)
    telephone = models.BooleanField("by telephone", default=True)
    in_person = models.BooleanField(default=True)
    bookable_by_patients = models.BooleanField(
        default=True, help_text="Untick for appointments that only staff make, such as follow-ups."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(video=True) | Q(telephone=True) | Q(in_person=True),
                name="a_type_has_a_mode",
                violation_error_message="Choose at least one of video, telephone and in person.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def modes(self) -> list[Mode]:
        return [mode for mode in Mode if getattr(self, mode.value)]

    def window(self, at: datetime, *, by_staff: bool = False) -> tuple[datetime, datetime]:
        """Between which moments a time may begin, the second excluded. Staff take any time that is still to come."""
        moment = timedelta.resolution
        if by_staff:
            return at + moment, datetime.max.replace(tzinfo=UTC)
        return at + max(timedelta(hours=self.notice_hours), moment), at + timedelta(days=self.horizon_days) + moment


class ClinicianQuerySet(models.QuerySet):
    def accepting(self) -> "ClinicianQuerySet":
        """Clinicians that patients can book."""
        return self.filter(is_accepting=True)

    def without_times(self) -> "ClinicianQuerySet":
        """Clinicians whose slots could not be made: their free times may be out of date."""
        return self.exclude(slots_failed_at=None)


class Clinician(models.Model):
    """A specialist who gives opinions. `user` is their staff account, if they have one."""

    name = models.CharField(max_length=120, help_text="With the title that patients use: “Dr Ada Example”.")
    slug = models.CharField("address", max_length=120, unique=True, validators=[SLUG])
    credentials = models.CharField(max_length=200, blank=True, help_text="As patients read it: “MBBS, FRCR”.")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="clinician"
    )
    specialties = models.ManyToManyField(
        Tag, blank=True, related_name="clinicians", limit_choices_to={"kind": TagKind.SPECIALTY}
    )
    conditions = models.ManyToManyField(Condition, blank=True, related_name="clinicians")
    languages = models.CharField(
        max_length=200, default="English", help_text="Languages for the appointment, separated by commas."
    )
    photograph = models.ImageField(
        upload_to=PHOTOGRAPH_FOLDER,
        blank=True,
        help_text="JPEG, PNG or WebP, up to 10 MB. Only the picture is kept: not where and when it was taken.",
    )
    photograph_alt = models.CharField(
        "what the photograph shows",
        max_length=250,
        blank=True,
        help_text="For people who cannot see it, without “photograph of”: “Dr Example, smiling, in a blue shirt”.",
    )
    biography = models.TextField(blank=True, max_length=2000)
    time_zone = models.CharField(
        max_length=60,
        default=default_time_zone,
        validators=[validate_time_zone],
        help_text="The zone in which the working hours are written.",
    )
    is_accepting = models.BooleanField("accepts new appointments", default=True)
    is_demonstration = models.BooleanField("made up, for demonstration", default=False)
    slots_failed_at = models.DateTimeField(
        null=True, editable=False, help_text="When their times last could not be made; empty when all is well."
    )
    feed_digest = models.CharField(max_length=64, blank=True, editable=False)
    feed_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="Who made the calendar's address: with another account, it leads nowhere.",
    )

    objects = ClinicianQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(photograph="") | ~Q(photograph_alt=""),
                name="a_photograph_is_described",
                violation_error_message="Say what the photograph shows.",
            ),
            # A name goes into lists, e-mails and calendars, so the mark has to be in the name.
            models.CheckConstraint(
                condition=Q(is_demonstration=False) | Q(name__contains=DEMONSTRATION),
                name="demonstration_name_is_marked",
                violation_error_message=f"Write {DEMONSTRATION} behind the name of somebody who is made up.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)
