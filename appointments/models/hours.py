"""When clinicians see people: hours in wall time, closures, and the slots that come of them."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from appointments.choices import LIVE, Mode, Status, Weekday
from appointments.models.clinicians import AppointmentType, Clinician, Location

SHORTEST = 5  # minutes of a slot


class WorkingHours(models.Model):
    """A clinician's hours on one day of the week, in wall time of the clinician's zone, cut into slots.

    A slot is `slot_minutes` long, followed by a `pause` in which nobody is seen. It can be booked for each of the
    types that fit into it, in each of the ticked ways that the type allows.
    """

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday, validators=[MaxValueValidator(6)])
    starts = models.TimeField("from")
    ends = models.TimeField("until")
    slot_minutes = models.PositiveSmallIntegerField(
        "minutes of a slot", default=45, validators=[MinValueValidator(SHORTEST)]
    )
    buffer_minutes = models.PositiveSmallIntegerField(
        "minutes kept free after each", default=0, help_text="When a kind of appointment asks for more, that counts."
    )
    types = models.ManyToManyField(AppointmentType, related_name="hours", verbose_name="kinds of appointment")
    video = models.BooleanField("by video call", default=True)
    telephone = models.BooleanField("by telephone", default=True)
    in_person = models.BooleanField(default=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, blank=True, related_name="hours")
    valid_from = models.DateField(default=timezone.localdate)
    valid_until = models.DateField(null=True, blank=True, help_text="The last day. Empty: until further notice.")

    class Meta:
        ordering = ["clinician", "weekday", "starts"]
        verbose_name = verbose_name_plural = "working hours"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="hours_end_after_they_start",
                violation_error_message="The end has to be after the start, on the same day.",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="hours_are_valid_for_a_day",
                violation_error_message="The last day cannot be before the first.",
            ),
            models.CheckConstraint(
                condition=Q(in_person=False) | Q(location__isnull=False),
                name="in_person_is_somewhere",
                violation_error_message="Say where patients come to, or untick “in person”.",
            ),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=SHORTEST),
                name="a_slot_lasts",
                violation_error_message=f"A slot has {SHORTEST} minutes or more.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinician}: {self.get_weekday_display()}, {self.starts:%H:%M} to {self.ends:%H:%M}"

    @property
    def pause(self) -> int:
        """The minutes in which nobody is seen after a slot: no fewer than any of the types asks for."""
        return max([self.buffer_minutes, *(appointment_type.buffer_minutes for appointment_type in self.types.all())])

    def are_on(self, day: date) -> bool:
        """Whether these hours are worked on a day of the calendar."""
        valid_until = self.valid_until or date.max
        return self.weekday == day.weekday() and self.valid_from <= day <= valid_until

    def cover(self, starts: datetime, ends: datetime) -> bool:
        """Whether a stretch of wall time, on one day, lies within these hours."""
        same_day = starts.date() == ends.date()
        return same_day and self.are_on(starts.date()) and self.starts <= starts.time() and ends.time() <= self.ends

    def overlap(self, other: "WorkingHours") -> bool:
        """Whether there can be a day on which both are worked at the same time."""
        both_valid = max(self.valid_from, other.valid_from) <= min(
            self.valid_until or date.max, other.valid_until or date.max
        )
        same_time = self.starts < other.ends and other.starts < self.ends
        return self.weekday == other.weekday and both_valid and same_time


class ClosureQuerySet(models.QuerySet):
    def touching(self, clinician: Clinician, starts: datetime, ends: datetime) -> "ClosureQuerySet":
        """Those in which this clinician sees nobody for some of a stretch of time."""
        return self.filter(Q(clinician=clinician) | Q(clinician=None), starts__lt=ends, ends__gt=starts)


class Closure(models.Model):
    """A stretch of time when one clinician, or everybody, sees nobody."""

    clinician = models.ForeignKey(
        Clinician,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="closures",
        help_text="Leave empty to close the whole clinic.",
    )
    starts = models.DateTimeField("from")
    ends = models.DateTimeField("until")
    reason = models.CharField(max_length=200, blank=True, help_text="For staff. Patients don't read it.")

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")),
                name="a_closure_ends_after_it_starts",
                violation_error_message="The end has to be after the start.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.clinician or 'The whole clinic'}, {timezone.localtime(self.starts):%d.%m.%Y %H:%M}"

    def clean(self) -> None:
        if self.starts and self.ends and self.ends - self.starts > timedelta(days=366):
            raise ValidationError({"ends": "A closure lasts a year at most."})


class SlotQuerySet(models.QuerySet):
    def free(self, at: datetime | None = None) -> "SlotQuerySet":
        """Those that hours cover and nobody has taken. A hold that has run out takes nothing."""
        run_out = Q(status=Status.HELD, held_until__lte=at or timezone.now())
        appointments = self.model.appointments.rel.related_model.objects
        taken = appointments.filter(slot=OuterRef("pk"), status__in=LIVE).exclude(run_out)
        return self.filter(~Exists(taken), is_covered=True)

    def suited(self, appointment_type: AppointmentType, mode: str) -> "SlotQuerySet":
        """Those that whoever accepts patients offers for a kind in one way, taken or not.

        A kind fits into what is at least as long, and is held in the ways that it allows now, whatever hours say.
        """
        if mode not in appointment_type.modes:
            return self.none()
        is_long_enough = Q(ends__gte=F("starts") + timedelta(minutes=appointment_type.minutes))
        offers_it = {"is_covered": True, "hours__types": appointment_type, Mode(mode).value: True}
        return self.filter(is_long_enough, clinician__is_accepting=True, **offers_it)

    def offered(self, appointment_type: AppointmentType, mode: str, at: datetime | None = None) -> "SlotQuerySet":
        """Those that can be taken like this. How soon and how far ahead is `AppointmentType.window`."""
        return self.free(at).suited(appointment_type, mode)

    def between(self, since: datetime, until: datetime) -> "SlotQuerySet":
        """Those that begin from one moment on, and before another."""
        return self.filter(starts__gte=since, starts__lt=until)


class Slot(models.Model):
    """One bookable stretch of one clinician's time, in UTC.

    `busy_until` adds the minutes kept free afterwards; from `starts` to there, no two slots of a clinician overlap: on
    PostgreSQL an exclusion constraint says so, on SQLite a trigger. A slot that hours no longer cover is deleted when
    nobody ever took it, and kept without `is_covered` when somebody did.
    """

    # Of a clinician's slots `one_slot_at_a_time` is an index already.
    clinician = models.ForeignKey(Clinician, on_delete=models.PROTECT, related_name="slots", db_index=False)
    hours = models.ForeignKey(WorkingHours, on_delete=models.SET_NULL, null=True, related_name="slots")
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    busy_until = models.DateTimeField()
    video = models.BooleanField()
    telephone = models.BooleanField()
    in_person = models.BooleanField()
    location = models.ForeignKey(Location, on_delete=models.PROTECT, null=True, related_name="slots")
    is_covered = models.BooleanField(default=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        ordering = ["starts", "clinician"]
        indexes = [
            models.Index(fields=["starts", "clinician"], name="slot_by_time"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["clinician", "starts"], name="one_slot_at_a_time"),
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts"), busy_until__gte=F("ends")), name="a_slot_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinician}, {timezone.localtime(self.starts):%d.%m.%Y %H:%M}"

    @property
    def modes(self) -> list[Mode]:
        return [mode for mode in Mode if getattr(self, mode.value)]

    @property
    def minutes(self) -> int:
        """How long it is, which may be longer than what is booked into it."""
        return (self.ends - self.starts) // timedelta(minutes=1)
