"""Public rows, made from live editions by `publishing` alone, and readers' feedback."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, F
from django.urls import reverse
from django.utils import timezone

from calcsite.web.compression import TwoForms
from conditions import pictures
from conditions.choices import TagKind
from conditions.models.working import Condition


class ListingQuerySet(models.QuerySet):
    def with_questions(self) -> "ListingQuerySet":
        """Pages that answer questions, each with those questions as `faqs`."""
        questions = F("condition__live_edition__content__faqs")
        return self.filter(question_count__gt=0).annotate(faqs=questions)


class Listing(models.Model):
    """A live page in lists, filters and links.

    The address is the live edition's: a new slug in the working copy does not move the page.
    """

    condition = models.OneToOneField(Condition, on_delete=models.PROTECT, primary_key=True)
    slug = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=120)
    sort_name = models.CharField(max_length=120, db_index=True)
    letter = models.CharField(max_length=1)
    summary = models.TextField()
    aliases = models.JSONField(default=list)
    words = models.TextField(help_text="Name, other names and summary in small letters, for the list's own search.")
    stored_picture = models.JSONField(null=True)
    question_count = models.PositiveSmallIntegerField(default=0)
    featured = models.BooleanField(default=False, db_index=True)
    related = models.ManyToManyField(Condition, related_name="related_listings")
    changed_at = models.DateTimeField()

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ["sort_name"]
        indexes = [models.Index(fields=["letter", "sort_name"], name="listing_letter")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("conditions:detail", args=[self.slug])

    @property
    def picture(self) -> dict[str, Any] | None:
        """The picture with its address, for a template; None when the page has none."""
        return pictures.with_address(self.stored_picture)


class ListingTagQuerySet(models.QuerySet):
    def counted(self) -> "ListingTagQuerySet":
        """Each tag once, as a mapping of kind, slug, name and the `count` of its pages."""
        return self.order_by().values("kind", "slug", "name").annotate(count=Count("pk"))


class ListingTag(models.Model):
    """One tag of a live page, with the name it had when the page was composed."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="tags")
    kind = models.CharField(max_length=20, choices=TagKind)
    slug = models.CharField(max_length=60)
    name = models.CharField(max_length=60)

    objects = ListingTagQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["listing", "kind", "slug"], name="unique_listing_tag")]
        # The first is read to filter, the second to count.
        indexes = [
            models.Index(fields=["kind", "slug", "listing"], name="listing_by_tag"),
            models.Index(fields=["kind", "slug", "name"], name="listing_tag_count"),
        ]

    def __str__(self) -> str:
        return self.name


AT_ADDRESS = """
SELECT listing_id, layout, etag, expires_at, {body},
       COALESCE((SELECT number FROM calcsite_publicversion WHERE id = 1), 0) AS public_version
FROM conditions_renderedpage WHERE listing_id = (SELECT condition_id FROM conditions_listing WHERE slug = %s)
"""


class RenderedPageQuerySet(models.QuerySet):
    def at_address(self, slug: str, *, encoding: str) -> "RenderedPage | None":
        """The kept page of an address, with the public version that it was read under as `public_version`.

        One query, written out: composing it from expressions takes nine times as long as running it. Only the body
        for `encoding` is read.
        """
        query = AT_ADDRESS.format(body="brotli" if encoding == "br" else "gzip")
        return next(iter(self.raw(query, [slug])), None)


class RenderedPage(TwoForms, models.Model):
    """A condition's finished page, rendered and compressed once.

    `layout` tells which templates, styles and site address it was made with (`pages.layout`): a page made with others
    is not served. The row is dropped when something it shows has changed, and made again by the worker.
    """

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, primary_key=True, related_name="rendered")
    layout = models.CharField(max_length=64)
    etag = models.CharField(max_length=64)
    expires_at = models.DateTimeField(null=True)
    brotli = models.BinaryField()
    gzip = models.BinaryField()

    objects = RenderedPageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.listing_id} ({self.etag})"

    def is_true(self, *, layout: str, at: datetime | None = None) -> bool:
        """Whether the page may still be served: same layout, and no date on it has passed."""
        return self.layout == layout and (self.expires_at is None or self.expires_at > (at or timezone.now()))


class OldAddress(models.Model):
    """A former address of a live page, which redirects to the present one."""

    slug = models.CharField(max_length=120, unique=True)
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="old_addresses")

    class Meta:
        verbose_name_plural = "old addresses"

    def __str__(self) -> str:
        return self.slug


class InternalLink(models.Model):
    """A link from a live page to another address of this site, for the report of broken links."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="internal_links")
    place = models.CharField(max_length=80, help_text="The id of the part of the page that holds the link.")
    path = models.CharField(max_length=500)

    def __str__(self) -> str:
        return self.path


class PublishedPicture(models.Model):
    """A picture that the public has seen on a page, in an edition of today or before.

    It is served while that page is public; no other uploaded picture is.
    """

    name = models.CharField(max_length=255, db_index=True)
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="published_pictures")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "condition"], name="one_picture_a_page")]

    def __str__(self) -> str:
        return self.name


class Feedback(models.Model):
    """An anonymous answer to "Was this page helpful?"."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="feedback")
    edition = models.ForeignKey("conditions.Edition", on_delete=models.PROTECT, related_name="feedback")
    helpful = models.BooleanField()
    comment = models.TextField(blank=True, max_length=1000)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{self.condition}: {'helpful' if self.helpful else 'not helpful'}"

    def add_comment(self, comment: str) -> bool:
        """Keep the comment of the person who gave this answer. Returns False when there is one: the first stays."""
        return Feedback.objects.filter(pk=self.pk, comment="").update(comment=comment) == 1
