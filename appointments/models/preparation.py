"""A patient's preparation for one appointment: the tasks, and the patient's own notes. All of it is medical."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import capfirst

from appointments.choices import (
    COMING,
    HistoryKind,
    MedicineKind,
    QuestionOutcome,
    ReferralStatus,
    SymptomKind,
    TaskStatus,
    Tool,
)
from appointments.models.appointments import Appointment
from appointments.models.checklists import ChecklistItem, CopyQuerySet, QuestionPrompt


class PreparationTaskQuerySet(CopyQuerySet):
    def in_use(self, at: datetime | None = None) -> "PreparationTaskQuerySet":
        """Tasks of appointments that are still to come."""
        ahead = self.filter(appointment__slot__ends__gt=at or timezone.now())
        return ahead.filter(appointment__status__in=COMING)


class PreparationTask(models.Model):
    """One item of a booking's checklist, copied at the booking. The patient sets its status."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="tasks")
    source = models.ForeignKey(
        ChecklistItem, on_delete=models.SET_NULL, null=True, blank=True, related_name="copies", editable=False
    )
    version = models.PositiveIntegerField(editable=False)
    tool = models.CharField(max_length=20, choices=Tool)
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=2000)
    days_before = models.PositiveSmallIntegerField(default=7)
    position = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=20, choices=TaskStatus, default=TaskStatus.TO_DO)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects = PreparationTaskQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["appointment", "source"], name="one_copy_of_an_item")]

    def __str__(self) -> str:
        return self.title

    @property
    def due(self) -> date:
        """The day by which it should be done, in the clinic's time zone. It moves with the appointment."""
        return timezone.localdate(self.appointment.slot.starts) - timedelta(days=self.days_before)

    @property
    def summary(self) -> str:
        """The first paragraph of the text."""
        return self.text.replace("\r\n", "\n").partition("\n\n")[0]

    @property
    def is_reviewed(self) -> bool:
        """Whether a clinician has approved this version of the text."""
        return bool(self.source and self.source.reviewed_at and self.source.version == self.version)

    @property
    def is_outdated(self) -> bool:
        """Whether the clinic has declared this version of the text unsafe to follow."""
        return bool(self.source and self.version < self.source.safe_from)


class Written(models.Model):
    """A patient's note for a visit: its title (`str`), and its facts."""

    TOOL: Tool  # the tool that edits it
    FACTS: tuple[str, ...] = ()  # the fields of its facts, in the order shown

    class Meta:
        abstract = True

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The label and value of each fact that is filled in."""
        said = [(capfirst(self._meta.get_field(name).verbose_name), getattr(self, name)) for name in self.FACTS]
        return [(label, str(value)) for label, value in said if value not in ("", None)]


class PackRow(Written):
    """One row of a list in a visit pack."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="%(class)s_set")
    position = models.PositiveSmallIntegerField(default=0)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    @property
    def is_settled(self) -> bool:
        """Whether the clinician has dealt with it, after which the patient cannot change it."""
        return False


class HistoryEntry(PackRow):
    """An entry of the medical history of a patient, or of their family."""

    Kind = HistoryKind

    kind = models.CharField("what kind", max_length=20, choices=Kind)
    what = models.CharField(max_length=200)
    when = models.CharField(max_length=100, blank=True)
    detail = models.TextField("more about it", max_length=1000, blank=True)

    TOOL = Tool.HISTORY
    FACTS = ("when", "detail")

    def __str__(self) -> str:
        return self.what


class Symptom(PackRow):
    """A symptom or a worry: its start, severity, and relief."""

    Kind = SymptomKind

    kind = models.CharField("what kind", max_length=20, choices=Kind, default=Kind.SYMPTOM)
    what = models.CharField(max_length=300)
    since = models.CharField("since when", max_length=100, blank=True)
    severity = models.PositiveSmallIntegerField(
        "how bad, from 0 to 10", null=True, blank=True, validators=[MaxValueValidator(10)]
    )
    helps = models.CharField("what helps", max_length=300, blank=True)

    TOOL = Tool.SYMPTOMS
    FACTS = ("since", "severity", "helps")

    class Meta(PackRow.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(severity=None) | Q(severity__lte=10), name="severity_is_0_to_10")
        ]

    def __str__(self) -> str:
        return self.what


class Question(PackRow):
    """A question of a patient, with the clinician's answer. The first one on the list is the most important."""

    Outcome = QuestionOutcome

    text = models.CharField("your question", max_length=500)
    prompt = models.ForeignKey(
        QuestionPrompt, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    answer = models.TextField(max_length=2000, blank=True)

    TOOL = Tool.QUESTIONS

    def __str__(self) -> str:
        return self.text

    @property
    def is_settled(self) -> bool:
        return bool(self.outcome or self.answer)


class Medicine(PackRow):
    """A medicine, supplement or vitamin that a patient takes."""

    Kind = MedicineKind

    kind = models.CharField("what kind", max_length=20, choices=Kind, default=Kind.MEDICINE)
    name = models.CharField(max_length=200)
    dose = models.CharField("how much, and how often", max_length=200, blank=True)
    why = models.CharField("what it is for", max_length=200, blank=True)

    TOOL = Tool.MEDICINES
    FACTS = ("dose", "why")

    def __str__(self) -> str:
        return self.name


class TreatmentOption(PackRow):
    """A treatment that a patient wants to talk about."""

    name = models.CharField("the treatment", max_length=200)
    note = models.TextField("what you want to know about it", max_length=1000, blank=True)

    TOOL = Tool.OPTIONS
    FACTS = ("note",)

    def __str__(self) -> str:
        return self.name


class TestInstruction(PackRow):
    """Instructions of staff for a test, about fasting or clothing for example."""

    test = models.CharField(max_length=200, help_text="Which test, and where.")
    day = models.DateField(null=True, blank=True)
    text = models.TextField("what to do", max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)

    TOOL = Tool.TESTS
    __test__ = False  # its name starts as that of a test

    class Meta(PackRow.Meta):
        ordering = [F("day").asc(nulls_last=True), "pk"]

    def __str__(self) -> str:
        return self.test


class Referral(Written):
    """The patient's referral, and the doctor who wrote it."""

    Status = ReferralStatus

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="referral")
    status = models.CharField("your referral", max_length=20, choices=Status)
    doctor = models.CharField("who referred you, or whom you asked", max_length=200, blank=True)
    note = models.TextField("anything about it", max_length=1000, blank=True)

    TOOL = Tool.REFERRAL
    FACTS = ("doctor", "note")

    def __str__(self) -> str:
        return self.get_status_display()


class SpecialistChoice(Written):
    """The kind of specialist that a patient looks for, and the specialists that they see already."""

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="specialist_choice")
    specialty = models.CharField("kind of specialist", max_length=60, blank=True)
    sees = models.CharField("specialists that you see already", max_length=300, blank=True)
    note = models.TextField("what matters to you", max_length=1000, blank=True)

    TOOL = Tool.SPECIALIST
    FACTS = ("sees", "note")

    def __str__(self) -> str:
        return self.specialty
