"""Working hours in wall time, closures, and the slots that are made of them."""

import functools
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import DurationField, Exists, ExpressionWrapper, F, IntegerField, OuterRef, Q, Value
from django.db.models.expressions import Combinable, RawSQL
from django.utils import timezone

from appointments.choices import LIVE, Mode, Status, Weekday
from appointments.models.clinicians import AppointmentType, Clinician, Location

MIN_SLOT_MINUTES = 5


class WorkingHours(models.Model):
    """A clinician's hours on one day of the week, in wall time of the clinician's zone, cut into slots.

    A slot is `slot_minutes` long, followed by a `pause` without patients. It can be booked for each of the
    types that fit into it, in each of the ticked ways that the type allows.
    """

    clinician = models.ForeignKey(Clinician, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday, validators=[MaxValueValidator(6)])
    starts = models.TimeField("from")
    ends = models.TimeField("until")
    slot_minutes = models.PositiveSmallIntegerField(
        "minutes of a slot", default=45, validators=[MinValueValidator(MIN_SLOT_MINUTES)]
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
                condition=Q(slot_minutes__gte=MIN_SLOT_MINUTES),
                name="a_slot_lasts",
                violation_error_message=f"A slot has {MIN_SLOT_MINUTES} minutes or more.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clinician}: {self.get_weekday_display()}, {self.starts:%H:%M} to {self.ends:%H:%M}"

    @property
    def pause(self) -> int:
        """The minutes without patients after a slot: at least those of each type."""
        return max([self.buffer_minutes, *(appointment_type.buffer_minutes for appointment_type in self.types.all())])

    def are_on(self, day: date) -> bool:
        """Whether these hours apply on a day of the calendar."""
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
        """Closures of this clinician, or of the whole clinic, that overlap a stretch of time."""
        return self.filter(Q(clinician=clinician) | Q(clinician=None), starts__lt=ends, ends__gt=starts)


class Closure(models.Model):
    """A stretch of time in which one clinician, or the whole clinic, sees no patients."""

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


# Of the type that the hours of a slot offer, as the statement reads it. Conditions on it go into the `filter` that
# chooses the type: in another one they would be about any type of these hours.
OFFER = "hours__types"
BOOKABLE_BY_PATIENTS = Q(**{f"{OFFER}__bookable_by_patients": True})


def duration(column: str, unit: timedelta) -> Combinable:
    """A number of minutes, hours or days of the offered type, as a duration."""
    number = ExpressionWrapper(F(f"{OFFER}__{column}"), IntegerField())  # Django multiplies no smaller integers
    return ExpressionWrapper(number * Value(unit), DurationField())


def within_window(chosen_at: datetime | Combinable) -> Q:
    """The notice and the horizon of the offered type, as `AppointmentType.window` has them for patients.

    They count from when the time is chosen: a hold is not lost because its patient writes for longer.
    """
    since = chosen_at if isinstance(chosen_at, Combinable) else Value(chosen_at, models.DateTimeField())
    latest = since + duration("horizon_days", timedelta(days=1))
    return Q(starts__gt=since, starts__gte=since + duration("notice_hours", timedelta(hours=1)), starts__lte=latest)


class SlotQuerySet(models.QuerySet):
    def free(self, at: datetime | None = None) -> "SlotQuerySet":
        """Slots that hours cover and no live appointment has. A hold that has run out does not count."""
        run_out = Q(status=Status.HELD, held_until__lte=at or timezone.now())
        appointments = self.model.appointments.rel.related_model.objects
        taken = appointments.filter(slot=OuterRef("pk"), status__in=LIVE).exclude(run_out)
        return self.filter(~Exists(taken), is_covered=True)

    def suited(self, appointment_type: AppointmentType | OuterRef, mode: str, *terms: Q) -> "SlotQuerySet":
        """Slots that are offered for a type in a mode, taken or not. This is the one rule of an offer.

        Hours cover the slot and offer the type, its clinician accepts patients, the type fits into the slot, and both
        allow the mode. `terms` are further conditions on the type, such as `within_window`. The statement reads the
        type from its row, so that a claim is never made on terms that have changed since. Raises ValueError for an
        unknown mode.
        """
        mode = Mode(mode).value
        ends = F("starts") + duration("minutes", timedelta(minutes=1))
        allowed = {mode: True, f"{OFFER}__{mode}": True, "is_covered": True, "clinician__is_accepting": True}
        return self.filter(*terms, ends__gte=ends, **allowed, **{OFFER: appointment_type})

    def offered(self, appointment_type: AppointmentType, mode: str, at: datetime | None = None) -> "SlotQuerySet":
        """Slots that can be taken for a type in a mode. The notice and the horizon are `AppointmentType.window`."""
        return self.free(at).suited(appointment_type, mode)

    def between(self, since: datetime, until: datetime) -> "SlotQuerySet":
        """Slots that begin from one moment on, and before another."""
        return self.filter(starts__gte=since, starts__lt=until)


@functools.cache
def slot_still_suits(mode: str, *, by_staff: bool = False) -> RawSQL:
    """The condition on an appointment that its slot is offered to its holder, as `suited` has it.

    It stands in the UPDATE that books, without a join: Django would put a join and all other conditions into a query
    within, which PostgreSQL does not evaluate again for a row that has changed meanwhile. A slot never changes its
    time, so whether it has passed is compared beside it. Compiled once for each mode: Django needs as long for that as
    a database for the booking.
    """
    terms = () if by_staff else (BOOKABLE_BY_PATIENTS, within_window(OuterRef("created_at")))
    slots = Slot.objects.filter(pk=OuterRef("slot")).suited(OuterRef("appointment_type"), mode, *terms)
    query = Slot.appointments.rel.related_model.objects.filter(Exists(slots)).query
    sql, params = query.get_compiler(DEFAULT_DB_ALIAS).compile(query.where)
    return RawSQL(sql, params, models.BooleanField())  # noqa: S611 - made of our own query


class Slot(models.Model):
    """One bookable stretch of one clinician's time, in UTC.

    `busy_until` adds the minutes kept free afterwards; from `starts` to there, no two slots of a clinician overlap: on
    PostgreSQL an exclusion constraint says so, on SQLite a trigger. A slot that hours no longer cover is deleted if
    it never had an appointment; otherwise it is kept without `is_covered`.
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
        """Its length, which may be more than that of the appointment in it."""
        return (self.ends - self.starts) // timedelta(minutes=1)
