"""The working copy: the rows that staff edit. Nothing here is public until an edition of it is published."""

from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.urls import resolve, reverse
from django_prose_editor.fields import ProseEditorField

from conditions import pictures, richtext
from conditions.choices import SectionKind, TagKind

MAX_REVIEW_MONTHS = 36  # PIF TICK asks for a review at least every three years
SLUG = RegexValidator(r"\A[a-z0-9]+(?:-[a-z0-9]+)*\Z", "Use small letters, digits and single hyphens only.")


def prose(**kwargs: Any) -> ProseEditorField:
    """A rich text field: headings, lists, tables and links, cleaned when it is saved."""
    return ProseEditorField(
        extensions=richtext.EDITOR_EXTENSIONS,
        sanitize=richtext.sanitise,
        validators=[richtext.validate_says_something],
        **kwargs,
    )


class Tag(models.Model):
    """A word that visitors filter the list of conditions by."""

    kind = models.CharField(max_length=20, choices=TagKind)
    name = models.CharField(max_length=60, help_text="The word that a patient would use: “Tiredness”, not “Fatigue”.")
    slug = models.CharField(
        max_length=60, validators=[SLUG], help_text="How the tag stands in an address. Don't change it later."
    )

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="unique_tag_slug"),
            models.UniqueConstraint(fields=["kind", "name"], name="unique_tag_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ConditionQuerySet(models.QuerySet):
    def worked_on_by(self, user: AbstractBaseUser) -> "ConditionQuerySet":
        """The conditions with a change of the working copy by a user."""
        writing = apps.get_model("conditions", "PageEvent").objects.writing()
        return self.filter(Exists(writing.filter(condition=OuterRef("pk"), by=user)))

    def with_work(self) -> "ConditionQuerySet":
        """Each with the state of the work on it as `work`, from its last edition and its working copy."""
        last = apps.get_model("conditions", "Edition").objects.filter(condition=OuterRef("pk")).order_by("-number")[:1]
        told = {name: Subquery(last.values(name)) for name in ("status", "checksum", "published_at")}
        changed = Q(status=None) | (~Q(working_checksum="") & ~Q(working_checksum=F("checksum")))
        return self.annotate(**told).annotate(
            work=Case(
                When(status="submitted", then=Value(Condition.Work.WAITING)),
                When(status="approved", published_at=None, then=Value(Condition.Work.SCHEDULED)),
                When(status="returned", then=Value(Condition.Work.RETURNED)),
                When(changed, then=Value(Condition.Work.CHANGED)),
                default=Value(Condition.Work.DONE),
            )
        )

    def live(self) -> "ConditionQuerySet":
        """The public conditions, each with its live edition, but without its content."""
        live = self.filter(live_edition__isnull=False)
        return live.select_related("live_edition").defer("live_edition__content")

    def overdue(self, on: date) -> "ConditionQuerySet":
        """Live pages whose next review was due by a day at the clinic, the longest overdue first."""
        return self.live().filter(live_edition__review_due_on__lte=on).order_by("live_edition__review_due_on", "name")

    def due_soon(self, on: date, *, days: int) -> "ConditionQuerySet":
        """Live pages whose next review is due within so many days after a day, the next one first."""
        due = self.live().filter(
            live_edition__review_due_on__gt=on, live_edition__review_due_on__lte=on + timedelta(days=days)
        )
        return due.order_by("live_edition__review_due_on", "name")

    def never_reviewed(self) -> "ConditionQuerySet":
        """Live pages without a clinician's approval, the longest public first."""
        return self.live().filter(live_edition__status="unreviewed").order_by("live_edition__published_at", "name")

    def ahead_of_live(self) -> "ConditionQuerySet":
        """Live pages with a different working copy, as far as its checksum is known."""
        known = self.live().exclude(working_checksum="")
        return known.exclude(working_checksum=F("live_edition__checksum")).order_by("-updated_at", "name")


class Condition(models.Model):
    """A subject with one public page. These rows are the working copy; the public reads `live_edition`."""

    class Work(models.TextChoices):
        """The state of the work on a page (`ConditionQuerySet.with_work`)."""

        WAITING = "waiting", "Waiting for review"
        SCHEDULED = "scheduled", "Approved, waits for its time"
        RETURNED = "returned", "Sent back"
        CHANGED = "changed", "Changed, not sent"
        DONE = "done", "Nothing to do"

    name = models.CharField(
        max_length=120,
        unique=True,
        help_text="As a patient would look for it, with a capital first letter: “Brain calcification”.",
    )
    slug = models.CharField(
        "address",
        max_length=120,
        unique=True,
        validators=[SLUG],
        help_text="The last part of the page's address: “brain-calcification”. Filled in from the name.",
    )
    summary = models.TextField(
        max_length=300,
        validators=[MaxLengthValidator(300)],
        help_text="One or two short sentences that say what it is. Shown in lists and by search engines too.",
    )
    key_facts = models.TextField(
        blank=True, help_text="Three to five facts that a worried reader needs first. One short sentence on each line."
    )
    emergency_signs = models.TextField(
        blank=True,
        help_text=(
            "The care card. One sign on each line, each completing “Call … now if:”, such as “you have a seizure for "
            "the first time”. Don't write the telephone number: the card shows the clinic's emergency number."
        ),
    )
    tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="conditions",
        help_text="What visitors can filter by: symptoms, body areas, specialties.",
    )
    related = models.ManyToManyField(
        "self",
        blank=True,
        symmetrical=False,
        help_text="Other pages that a reader of this one may need. Shown at the end.",
    )
    featured = models.BooleanField(
        "on the home page", default=False, help_text="Shows the page among the popular conditions on the home page."
    )
    picture = models.FileField(
        upload_to=pictures.upload_path,
        blank=True,
        validators=[pictures.validate_picture],
        help_text="A calm drawing or photograph, at least 480 pixels wide: SVG, PNG, JPEG or WebP, up to 1 MB.",
    )
    picture_alt = models.CharField(
        "what the picture shows",
        max_length=250,
        blank=True,
        help_text="For people who cannot see it. Say what matters in it, without “picture of”.",
    )
    picture_decorative = models.BooleanField(
        "the picture is decoration",
        default=False,
        help_text="Tick when the picture tells nothing that the text doesn't: screen readers then pass over it.",
    )
    review_months = models.PositiveSmallIntegerField(
        "months between reviews",
        default=MAX_REVIEW_MONTHS,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_REVIEW_MONTHS)],
        help_text="How long a clinician's review lasts. Choose less where medicine moves fast; never more than 36.",
    )
    working_checksum = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of what the working copy composes to (`drafting`)."
    )
    live_edition = models.ForeignKey(
        "conditions.Edition", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        permissions = [
            ("publish_unreviewed", "Can publish a page without a clinician's review"),
            ("withdraw_condition", "Can take a page off the site"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(picture="") | Q(picture_decorative=True) | ~Q(picture_alt=""),
                name="picture_is_described_or_decorative",
                violation_error_message="Say what the picture shows, or tick that it is decoration.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_review(self) -> bool:
        """Whether a clinician has approved the live edition."""
        return self.live_edition is not None and self.live_edition.status == "approved"

    @property
    def is_ahead(self) -> bool:
        """Whether the working copy differs from the public page; False while its checksum is unknown."""
        live = self.live_edition
        return live is not None and self.working_checksum not in {"", live.checksum}

    @property
    def is_live(self) -> bool:
        return self.live_edition_id is not None


class Alias(models.Model):
    """Another name that a patient may know the condition by. Search finds the page under it."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=120, help_text="“Intracranial calcification”")

    class Meta:
        ordering = ["id"]
        verbose_name = "other name"
        constraints = [models.UniqueConstraint(fields=["condition", "name"], name="unique_alias")]

    def __str__(self) -> str:
        return self.name


class Section(models.Model):
    """One part of a condition's page."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="sections")
    position = models.PositiveSmallIntegerField(
        default=100, help_text="Sections are shown in the order of these numbers. Leave gaps: 10, 20, 30."
    )
    kind = models.CharField(max_length=20, choices=SectionKind, help_text="Each kind once on a page.")
    heading = models.CharField(max_length=120, help_text="As a reader would ask: “What causes it?”")
    body = prose(
        help_text=(
            "The answer first. Short sentences of up to 20 words, up to three in a paragraph. Explain hard words "
            "where they first come. Headings inside a section start at level 3."
        )
    )

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["condition", "kind"], name="unique_section_kind")]

    def __str__(self) -> str:
        return self.heading


class FAQQuerySet(models.QuerySet):
    def about_service(self) -> "FAQQuerySet":
        """The questions about the service as a whole, which are public as they are."""
        return self.filter(condition=None)


class FAQ(models.Model):
    """A question and its answer: on one condition, or on the service as a whole when it has no condition."""

    condition = models.ForeignKey(
        Condition,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="faqs",
        help_text="Leave empty for a question about the service: that one is public as soon as it is saved.",
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Shown in the order of these numbers.")
    question = models.CharField(max_length=200, help_text="In a patient's words, ending with a question mark.")
    answer = prose(help_text="Answer the question in the first sentence. Don't repeat a section: say what helps here.")

    objects = FAQQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "question"
        constraints = [
            models.UniqueConstraint(fields=["condition", "question"], name="unique_question"),
            models.UniqueConstraint(fields=["question"], condition=Q(condition=None), name="unique_service_question"),
        ]

    def __str__(self) -> str:
        return self.question


class Source(models.Model):
    """A published reference that a page rests on."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="sources")
    position = models.PositiveSmallIntegerField(default=100, help_text="Shown in the order of these numbers.")
    title = models.CharField(max_length=250)
    publisher = models.CharField(max_length=200, help_text="The journal, book or organisation, with volume and pages.")
    url = models.URLField("link", blank=True, help_text="Where a reader can look it up.")
    seen = models.CharField(
        max_length=100,
        blank=True,
        help_text="What the source said of its own date when you looked: “last update May 2024”.",
    )

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class GeneralPage(models.Model):
    """A page about the site itself: about, privacy, accessibility and so on. Public as soon as it is saved.

    Every page of the site links to those in `LINKED`: they keep their address and are not deleted.
    """

    LINKED = ("about", "accessibility", "editorial-policy", "emergency-help", "privacy")

    slug = models.CharField("address", max_length=60, unique=True, validators=[SLUG])
    title = models.CharField(max_length=120)
    summary = models.TextField(
        max_length=300, validators=[MaxLengthValidator(300)], help_text="One or two short sentences."
    )
    body = prose()
    updated_at = models.DateTimeField("last changed", auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("general_page", args=[self.slug])

    def clean(self) -> None:
        if self.slug and resolve(f"/{self.slug}/").url_name != "general_page":
            raise ValidationError({"slug": "The site uses this address for something else. Choose another one."})
