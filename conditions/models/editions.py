"""Editions: frozen contents that were submitted."""

from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from calcsite.checksums import checksum
from conditions.models.working import Condition


class EditionQuerySet(models.QuerySet):
    def without_content(self) -> "EditionQuerySet":
        """For lists: the decisions without the contents."""
        return self.defer("content")

    def published(self) -> "EditionQuerySet":
        """The editions that the public has read, the newest first."""
        return self.filter(published_at__isnull=False).order_by("-number")

    def not_written_by(self, user: AbstractBaseUser) -> "EditionQuerySet":
        """The editions of which a user is no author: neither submitted by them nor with a change by them.

        A change that was submitted with an earlier edition was judged when that one was approved, and does not count;
        unless the working copy was set back since to an edition without approval, of which any earlier writer may be
        an author. The log is written under the condition's lock, so its keys are in the order of the events.
        """
        steps = apps.get_model("conditions", "PageEvent").objects
        submitted = steps.filter(kind="submitted").order_by("-pk").values("pk")
        judged = submitted.filter(
            edition__condition=OuterRef("condition"),
            edition__number__lt=OuterRef("number"),
            edition__status=Edition.Status.APPROVED,
        )
        own = submitted.filter(edition=OuterRef("pk"))
        editions = self.annotate(judged=Coalesce(Subquery(judged[:1]), 0), own_step=Subquery(own[:1]))
        meanwhile = Q(condition=OuterRef("condition"), pk__gt=OuterRef("judged"), pk__lt=OuterRef("own_step"))
        set_back = steps.filter(meanwhile, kind="reverted").exclude(edition__status=Edition.Status.APPROVED)
        editions = editions.annotate(
            since=Case(When(Exists(set_back), then=0), default=F("judged"), output_field=models.BigIntegerField())
        )
        written = steps.writing().filter(
            condition=OuterRef("condition"), by=user, pk__gt=OuterRef("since"), pk__lt=OuterRef("own_step")
        )
        return editions.filter(~Exists(written), ~Q(submitted_by=user) | Q(submitted_by=None))

    def waiting(self) -> "EditionQuerySet":
        """The editions that wait for a clinician, the longest wait first."""
        return self.filter(status="submitted").order_by("submitted_at")

    def scheduled(self) -> "EditionQuerySet":
        """The approved editions that wait for their time, the next one first."""
        return self.filter(status="approved", published_at=None).order_by("goes_live_at")

    def due(self, at: datetime | None = None) -> "EditionQuerySet":
        """The scheduled editions that are due to go live."""
        return self.scheduled().filter(goes_live_at__lte=at or timezone.now())

    def sent_back_to(self, user: AbstractBaseUser) -> "EditionQuerySet":
        """The editions that a user submitted and got back, unless a later edition of the page followed."""
        later = Edition.objects.filter(condition=OuterRef("condition"), number__gt=OuterRef("number"))
        return self.filter(~Exists(later), status="returned", submitted_by=user).order_by("-submitted_at")

    def of_page(self, condition: Condition) -> "EditionQuerySet":
        """The editions of one page that the public has read, the newest first."""
        return self.published().filter(condition=condition)


class Edition(models.Model):
    """An immutable, numbered snapshot of a condition's whole page.

    `content` is made by `composing.compose`; `content["format"]` is the version of its form. Triggers in the database
    refuse to change or delete it. The decision beside it (status, reviewer, dates) is made once, by `publishing`.
    """

    class Status(models.TextChoices):
        SUBMITTED = "submitted", "Waiting for review"
        RETURNED = "returned", "Returned to the author"
        APPROVED = "approved", "Approved by a clinician"
        UNREVIEWED = "unreviewed", "Published without a clinician's review"

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    checksum = models.CharField(max_length=64)
    status = models.CharField(max_length=20, choices=Status, default=Status.SUBMITTED)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="editions_submitted"
    )
    submitted_at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)
    is_correction = models.BooleanField(
        "only a correction",
        default=False,
        help_text="A slip put right, such as a spelling mistake. The review date may then stay as it was.",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="editions_decided"
    )
    reason = models.TextField(blank=True)
    reviewer_name = models.CharField(max_length=120, blank=True)
    reviewer_credentials = models.CharField(max_length=200, blank=True)
    reviewed_on = models.DateField(null=True, blank=True)
    review_due_on = models.DateField(null=True, blank=True)
    corrector_name = models.CharField(max_length=120, blank=True)
    corrector_credentials = models.CharField(max_length=200, blank=True)
    corrected_on = models.DateField(null=True, blank=True)
    goes_live_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["condition", "-number"]
        permissions = [("review_edition", "Can approve or return an edition")]
        constraints = [
            models.UniqueConstraint(fields=["condition", "number"], name="unique_edition_number"),
            models.CheckConstraint(
                condition=~Q(status="approved")
                | (~Q(reviewer_name="") & Q(reviewed_on__isnull=False) & Q(review_due_on__isnull=False)),
                name="approved_names_a_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(status="approved") | Q(reviewer_name=""), name="only_approved_names_a_reviewer"
            ),
            models.CheckConstraint(
                condition=Q(corrected_on=None, corrector_name="")
                | (Q(status="approved", is_correction=True, corrected_on__isnull=False) & ~Q(corrector_name="")),
                name="a_correction_names_who_approved_it",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["submitted", "returned"], published_at=None)
                | Q(status="unreviewed", published_at__isnull=False)
                | (Q(status="approved") & (Q(published_at__isnull=False) | Q(goes_live_at__isnull=False))),
                name="only_a_decided_edition_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition}, edition {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.checksum = checksum(self.content)
        super().save(*args, **kwargs)

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.SUBMITTED

    @property
    def is_scheduled(self) -> bool:
        """Whether it is approved and waits for its time."""
        return self.status == self.Status.APPROVED and self.published_at is None

    @property
    def is_intact(self) -> bool:
        """Whether the content is still the one that was submitted."""
        return self.checksum == checksum(self.content)

    def is_overdue(self, on: date) -> bool:
        """Whether the review that this edition rests on is due by a day at the clinic."""
        return self.review_due_on is not None and self.review_due_on <= on
