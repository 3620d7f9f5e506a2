"""The clinic's advice before and after an appointment: the checklist, the guidance, and questions to ask.

A booking gets a copy of the checklist, and a recovery plan a copy of the guidance; later changes here do not reach the
copies. `version` counts the changes of the text, so that a copy can be compared with its source.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from appointments.choices import Tool, Treatment
from conditions.models import Condition


class GuidanceQuerySet(models.QuerySet):
    def for_condition(self, key: int | None) -> "GuidanceQuerySet":
        """Items for all conditions, and those for the condition with this key. None: items for all conditions only."""
        return self.filter(Q(condition=None) | Q(condition=key)) if key else self.filter(condition=None)


class CopyQuerySet(models.QuerySet):
    """Copies of items of advice in bookings and plans."""

    def outdated(self, item: "Guidance") -> "CopyQuerySet":
        """Copies of an item in a version that is no longer safe to follow."""
        return self.filter(source=item, version__lt=item.safe_from)

    def unsafe(self) -> "CopyQuerySet":
        """Copies of any item in a version that is no longer safe to follow."""
        return self.filter(version__lt=F("source__safe_from"))


class Guidance(models.Model):
    """One item of advice, for all conditions or for one. `WORDS` are the fields shown to patients."""

    WORDS: tuple[str, ...]

    condition = models.ForeignKey(
        Condition,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)s_set",
        help_text="Leave empty for all conditions.",
    )
    title = models.CharField(max_length=120, help_text="What to do, as a patient would say it.")
    text = models.TextField(max_length=2000, help_text="Plain text. An empty line begins a new paragraph.")
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest number comes first.")
    version = models.PositiveIntegerField(default=1, editable=False)
    safe_from = models.PositiveIntegerField(
        default=1, editable=False, help_text="The oldest version of the words that is still safe to follow."
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True, blank=True, editable=False)
    reviewer = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Name and credentials, as they were at the review."
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def tick(self) -> str:
        """The value that a browser stores for a ticked item: it no longer matches once the text is unsafe to
        follow.
        """
        return f"{self.pk}-{self.safe_from}"


class ChecklistItem(Guidance):
    """One thing to do before an appointment, with its tool on the patient's pages."""

    tool = models.CharField(
        "what it is done with", max_length=20, choices=Tool, help_text="The part of the patient's pages it leads to."
    )
    days_before = models.PositiveSmallIntegerField(
        default=7, help_text="How many days before the appointment it should be done."
    )

    WORDS = ("title", "text", "tool", "days_before")

    class Meta(Guidance.Meta):
        verbose_name = "item of the checklist"
        verbose_name_plural = "checklist"
        permissions = [("review_guidance", "Can say that a checklist or guidance is right, as a clinician")]


class RecoveryGuidance(Guidance):
    """Advice for some days after some treatments."""

    treatment = models.CharField(
        "after which treatment", max_length=20, choices=Treatment, blank=True, help_text="Leave empty for all."
    )
    first_day = models.PositiveSmallIntegerField(default=0, help_text="Days after the treatment; 0 is the same day.")
    last_day = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: as long as the plan runs.")
    normal = models.TextField("what is normal", max_length=1000, blank=True)
    do = models.TextField("do", max_length=1000, blank=True, help_text="One line for each thing to do.")
    dont = models.TextField("don’t", max_length=1000, blank=True, help_text="One line for each thing not to do.")

    WORDS = ("title", "text", "normal", "do", "dont", "first_day", "last_day")

    class Meta(Guidance.Meta):
        verbose_name = verbose_name_plural = "recovery guidance"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
                name="guidance_ends_after_it_begins",
                violation_error_message="The last day is before the first.",
            )
        ]


class QuestionPrompt(models.Model):
    """A question that patients may choose for their list, for all conditions or for one."""

    condition = models.ForeignKey(
        Condition,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="question_prompts",
        help_text="Leave empty for all conditions.",
    )
    text = models.CharField(max_length=300, help_text="As a patient would ask it.")
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest number comes first.")

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "question to choose from"
        verbose_name_plural = "questions to choose from"

    def __str__(self) -> str:
        return self.text
