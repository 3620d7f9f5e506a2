"""The log of a page's steps, its preview links, and the digests that were sent."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone

from calcsite.security.tokens import digest_of
from conditions.models.editions import Edition
from conditions.models.working import Condition


class PageEventQuerySet(models.QuerySet):
    def of_page(self, condition: Condition) -> "PageEventQuerySet":
        return self.filter(condition=condition)

    def writing(self) -> "PageEventQuerySet":
        """The steps that changed the working copy."""
        return self.filter(kind__in=PageEvent.WRITING)


class PageEvent(models.Model):
    """One step of a page, with its user, time and reason. Triggers in the database refuse to change or delete it.

    It outlives its condition: a working copy that was never public may be deleted, but not its log.
    """

    class Kind(models.TextChoices):
        SAVED = "saved", "Working copy saved"
        REVERTED = "reverted", "Working copy set back"
        IMPORTED = "imported", "Working copy read from a file"
        SUBMITTED = "submitted", "Sent for review"
        APPROVED = "approved", "Approved"
        RETURNED = "returned", "Sent back to the author"
        PUBLISHED = "published", "Went live"
        WITHDRAWN = "withdrawn", "Taken off the site"
        SHARED = "shared", "Preview link made"
        UNSHARED = "unshared", "Preview link ended"
        DELETED = "deleted", "Deleted"

    WRITING = (Kind.SAVED, Kind.REVERTED, Kind.IMPORTED)

    condition = models.ForeignKey(Condition, on_delete=models.DO_NOTHING, db_constraint=False, related_name="events")
    condition_name = models.CharField("page", max_length=120)
    kind = models.CharField("what happened", max_length=20, choices=Kind)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, null=True, blank=True, related_name="events")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="page_events"
    )
    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    why = models.TextField("why, or what", blank=True)

    objects = PageEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "step"
        verbose_name_plural = "log of steps"

    def __str__(self) -> str:
        return f"{self.condition_name}: {self.get_kind_display()}"

    @classmethod
    def record(
        cls,
        kind: Kind,
        condition: Condition,
        *,
        by: AbstractBaseUser | None,
        edition: Edition | None = None,
        why: str = "",
    ) -> "PageEvent":
        """Add one step to the log, in the caller's transaction. `by` is None for a step of the site itself."""
        return cls.objects.create(
            kind=kind, condition=condition, condition_name=condition.name, by=by, edition=edition, why=why
        )


class PreviewLinkQuerySet(models.QuerySet):
    def usable(self, at: datetime | None = None) -> "PreviewLinkQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=at or timezone.now())

    def with_token(self, token: str, at: datetime | None = None) -> "PreviewLink | None":
        """The usable link that a secret opens, if there is one."""
        return self.usable(at).select_related("condition", "edition").filter(digest=digest_of(token)).first()


class PreviewLink(models.Model):
    """A secret address under which people without an account read a page before it is public, for some days.

    Pinned to an edition it shows that edition; otherwise the working copy at the time of the visit. Only a digest
    of the secret is stored (ASVS 5.0, 11.5.1): a reader of the database cannot open the link.
    """

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="preview_links")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, null=True, blank=True, related_name="preview_links")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="preview_links")
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.edition or self.condition}, until {timezone.localtime(self.expires_at):%d.%m.%Y}"


class DigestSent(models.Model):
    """One person's digest of one week, which is sent once however many workers there are."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    week = models.DateField(help_text="The Monday of the week, at the clinic.")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "week"], name="one_digest_a_week")]

    def __str__(self) -> str:
        return f"{self.user}, week of {self.week}"
