"""Recovery after an appointment: the plan, its guidance, medicines, follow-ups, and check-ins."""

import re
from datetime import date, datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from appointments.choices import Feeling, Status, Treatment
from appointments.models.appointments import Appointment
from appointments.models.checklists import CopyQuerySet, RecoveryGuidance

NUMBER = re.compile(r"[+(]?[0-9][0-9 ().-]{3,}[0-9]")  # the first one in “Dr Ash’s team, 01632 960 123”


class RecoveryPlan(models.Model):
    """A patient's instructions after treatment. Days are counted from `first_day`, day 0, in the clinic's time
    zone.
    """

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="recovery_plan")
    treatment = models.CharField(max_length=20, choices=Treatment)
    what = models.CharField("what was done", max_length=300, blank=True)
    first_day = models.DateField("day of the treatment")
    last_day = models.DateField(null=True, blank=True, help_text="Empty: until somebody ends the plan.")
    note = models.TextField("our own advice to this patient", max_length=3000, blank=True)
    telephone = models.CharField("whom to telephone", max_length=200, help_text="Name or role, and number.")
    seek_help = models.TextField("when to get help", max_length=2000, help_text="One line for each sign.")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    feed_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)

    class Meta:
        permissions = [("care_recovery", "Can start recovery plans and deal with check-ins")]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")), name="a_plan_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.appointment}, recovery"

    def day(self, today: date | None = None) -> int:
        """The number of days since the treatment; negative before it."""
        return ((today or timezone.localdate()) - self.first_day).days

    @property
    def number(self) -> str:
        """The number to dial, taken from the text of `telephone`; "" if it contains none."""
        found = NUMBER.search(self.telephone)
        return re.sub(r"[^0-9+]", "", found[0]) if found else ""

    @property
    def signs(self) -> list[str]:
        """The signs that need help, one for each line."""
        return [line.strip() for line in self.seek_help.splitlines() if line.strip()]


class PlanGuidanceQuerySet(CopyQuerySet):
    def in_use(self, at: datetime | None = None) -> "PlanGuidanceQuerySet":
        """Guidance of plans that have not ended."""
        still = Q(plan__last_day=None) | Q(plan__last_day__gte=timezone.localdate(at))
        return self.filter(still, plan__ended_at=None)


class PlanGuidance(models.Model):
    """One piece of guidance, copied when the plan was started."""

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="guidance")
    source = models.ForeignKey(
        RecoveryGuidance, on_delete=models.SET_NULL, null=True, blank=True, related_name="copies", editable=False
    )
    version = models.PositiveIntegerField(editable=False)
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=2000)
    normal = models.TextField(max_length=1000, blank=True)
    do = models.TextField(max_length=1000, blank=True)
    dont = models.TextField(max_length=1000, blank=True)
    first_day = models.PositiveSmallIntegerField(default=0)
    last_day = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = PlanGuidanceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["plan", "source"], name="one_copy_of_guidance")]

    def __str__(self) -> str:
        return self.title

    def is_on(self, day: int) -> bool:
        """Whether it applies on a day of the plan, counted from the treatment."""
        return self.first_day <= day and (self.last_day is None or self.last_day >= day)


class PlanMedicine(models.Model):
    """A medicine to take after treatment."""

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="medicines")
    name = models.CharField(max_length=200)
    dose = models.CharField("how much, and how often", max_length=200)
    until = models.CharField("for how long", max_length=100, blank=True)
    note = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.name


class FollowUpQuerySet(models.QuerySet):
    def to_book(self) -> "FollowUpQuerySet":
        """Follow-ups without an appointment, or with a cancelled one, in plans that have not ended."""
        unbooked = Q(appointment=None) | Q(appointment__status=Status.CANCELLED)
        return self.filter(unbooked, plan__ended_at=None)

    def in_turn(self, key: int) -> "FollowUpQuerySet":
        """The follow-up `key` if it is still `to_book`, after locking its plan: every booking of a follow-up locks
        that first.

        The query runs when the result is used, in the caller's transaction.
        """
        plan = RecoveryPlan.objects.filter(follow_ups=key).select_for_update(of=("self",), no_key=True)
        list(plan.values_list("pk"))
        return self.to_book().filter(pk=key)


class FollowUp(models.Model):
    """The day around which the patient should be seen again, and the appointment booked for it."""

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="follow_ups")
    day = models.DateField("around which day")
    what = models.CharField(max_length=200)
    appointment = models.OneToOneField(
        Appointment, on_delete=models.SET_NULL, null=True, blank=True, related_name="follows_up", editable=False
    )

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        ordering = ["day", "pk"]

    def __str__(self) -> str:
        return self.what

    @property
    def is_to_book(self) -> bool:
        """Whether `to_book` includes it."""
        is_booked = self.appointment is not None and self.appointment.status != Status.CANCELLED
        return not is_booked and self.plan.ended_at is None


class CheckInQuerySet(models.QuerySet):
    def alarms(self) -> "CheckInQuerySet":
        """Alarms that staff have not acknowledged, the oldest first."""
        return self.filter(is_alarm=True, acknowledged_at=None).order_by("at")


class CheckIn(models.Model):
    """A patient's report of their condition. An alarm stays on the worklist until staff acknowledge it.

    `feeling` and `pain` may be empty if the patient has ticked a sign of danger, because the form asks for nothing
    else then.
    """

    plan = models.ForeignKey(RecoveryPlan, on_delete=models.CASCADE, related_name="check_ins")
    at = models.DateTimeField(default=timezone.now)
    feeling = models.CharField(max_length=10, choices=Feeling, blank=True)
    pain = models.PositiveSmallIntegerField(
        "pain, from 0 to 10", validators=[MaxValueValidator(10)], null=True, blank=True
    )
    note = models.TextField(max_length=1000, blank=True)
    red_flags = models.JSONField(default=list, blank=True, help_text="Signs of danger, as the patient read them.")
    is_alarm = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    acknowledged_note = models.CharField(max_length=300, blank=True)

    objects = CheckInQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(pain__lte=10), name="pain_is_0_to_10"),
            models.CheckConstraint(condition=~Q(feeling="worse") | Q(is_alarm=True), name="feeling_worse_is_an_alarm"),
            models.CheckConstraint(condition=Q(red_flags=[]) | Q(is_alarm=True), name="a_sign_of_danger_is_an_alarm"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None) | Q(acknowledged_by__isnull=False) & ~Q(acknowledged_note=""),
                name="acknowledged_with_a_name_and_a_note",
            ),
        ]
        indexes = [models.Index(fields=["is_alarm", "acknowledged_at", "at"], name="check_in_alarm")]

    def __str__(self) -> str:
        return f"{self.plan}, {self.at:%d.%m.%Y}"
