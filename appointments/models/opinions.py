"""The written second opinion. A signed one is frozen: a correction is another opinion with the next number."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from appointments.choices import Agreement, OpinionStatus
from appointments.models.appointments import Appointment
from calcsite.checksums import checksum


class OpinionQuerySet(models.QuerySet):
    def released(self) -> "OpinionQuerySet":
        """Opinions that the patient can read, the newest first."""
        return self.filter(status=OpinionStatus.RELEASED).order_by("-number")


class Opinion(models.Model):
    """One version of an opinion. Its fields and options are edited while it is a draft.

    Signing copies them, with the answers to the patient's questions, into `content`; from then on the row changes only
    by its release (trigger `signed_opinion_is_frozen`). Patients read `content` alone.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="opinions")
    number = models.PositiveSmallIntegerField(editable=False)
    status = models.CharField(max_length=20, choices=OpinionStatus, default=OpinionStatus.DRAFT, editable=False)
    correction = models.TextField("what is corrected, and why", max_length=1000, blank=True)
    findings = models.TextField("what we found", max_length=5000, blank=True)
    agreement = models.CharField("the first opinion and ours", max_length=20, choices=Agreement, blank=True)
    first_opinion = models.TextField("what the first opinion says", max_length=5000, blank=True)
    our_opinion = models.TextField("what we say", max_length=5000, blank=True)
    next_steps = models.TextField("what to do next", max_length=5000, blank=True)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    content = models.JSONField(null=True, editable=False)
    checksum = models.CharField(max_length=64, blank=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    signed_name = models.CharField(max_length=120, blank=True, editable=False)
    signed_credentials = models.CharField(max_length=200, blank=True, editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(null=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = OpinionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        permissions = [("sign_opinion", "Can write and sign opinions on their own patients")]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "number"], name="one_opinion_of_a_number"),
            models.UniqueConstraint(fields=["appointment"], condition=Q(status="draft"), name="one_draft_at_a_time"),
            models.CheckConstraint(
                condition=Q(status="draft", signed_at=None, released_at=None)
                | ~Q(signed_name="") & Q(signed_at__isnull=False, content__isnull=False) & ~Q(status="draft"),
                name="a_signed_opinion_names_who_signed",
            ),
            models.CheckConstraint(
                condition=Q(status="released", released_at__isnull=False)
                | ~Q(status="released") & Q(released_at__isnull=True),
                name="a_released_opinion_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment}, opinion {self.number}"

    @property
    def is_intact(self) -> bool:
        """Whether the content has the checksum of its signing, and belongs to the same appointment."""
        if not self.content or checksum(self.content) != self.checksum:
            return False
        of = (self.content["reference"], self.content["number"])
        return of == (self.appointment.reference, self.number)


class OpinionOption(models.Model):
    """A treatment option with its weighing. Part of a draft; a signed opinion has its own copy."""

    opinion = models.ForeignKey(Opinion, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField("the treatment", max_length=200)
    benefits = models.TextField(max_length=2000, blank=True)
    risks = models.TextField(max_length=2000, blank=True)
    expected = models.TextField("what to expect", max_length=2000, blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name
