"""Publishing: how a page gets to the public, and how it is taken back.

Working copy → `submit` freezes an edition → a clinician's `approve`, or `publish_unreviewed`, makes it the live one →
`withdraw` takes the page off the site. What lists, links and search show is made in the same transaction, so that the
public never sees a half-made change.

Every verb first locks its condition: the admin saves a working copy in one transaction that begins with the condition
too, so an edition is never half of one save and half of another, and no two verbs each wait for the other. (SQLite
has one writer at a time anyway.)
"""

from datetime import date, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from conditions import pages, search
from conditions.composing import compose
from conditions.models import FAQ, Condition, Edition, Listing, ListingTag

REVIEW_LASTS = timedelta(days=3 * 365)  # PIF TICK asks for a review at least every three years


class PublishingError(Exception):
    """The step is not allowed now. The message says why, in words for staff."""


@transaction.atomic
def submit(*, condition: Condition, by: AbstractBaseUser | None, note: str = "") -> Edition:
    """Freeze the working copy, as it is stored now, as the next edition."""
    condition = locked(condition.pk)
    last = condition.editions.aggregate(last=Max("number"))["last"] or 0
    return Edition.objects.create(
        condition=condition, number=last + 1, content=compose(condition), submitted_by=by, note=note
    )


@transaction.atomic
def publish_unreviewed(*, edition: Edition, by: AbstractBaseUser | None, reason: str) -> None:
    """Make a submitted edition the live one without a clinician's approval; its page says so to the public.

    Raises PublishingError without a reason, or when the edition is no longer waiting.
    """
    if not reason.strip():
        raise PublishingError("Say why this page is published without a clinician's review.")
    _decide(edition, Edition.Status.UNREVIEWED, by=by, reason=reason.strip(), published_at=timezone.now())
    _go_live(edition)


@transaction.atomic
def publish_working_copy(*, condition: Condition, by: AbstractBaseUser | None, reason: str) -> Edition:
    """Submit the working copy and publish it without a clinician's approval, in one step.

    Raises PublishingError as `publish_unreviewed` does; no edition is left behind then.
    """
    edition = submit(condition=condition, by=by)
    publish_unreviewed(edition=edition, by=by, reason=reason)
    return edition


@transaction.atomic
def approve(
    *,
    edition: Edition,
    by: AbstractBaseUser,
    reviewer_name: str,
    reviewer_credentials: str,
    on: date | None = None,
    due: date | None = None,
) -> None:
    """Make a submitted edition the live one, in the name of the clinician who approves it.

    `on` is the day of the review (default: today at the clinic) and `due` the day of the next one (default: three
    years later). Raises PublishingError when the clinician is the author, is not named, when the page cites no source,
    or when the edition is no longer waiting.
    """
    on = on or timezone.localdate()
    if edition.submitted_by_id is not None and edition.submitted_by_id == by.pk:
        raise PublishingError("Somebody other than the author has to approve this page.")
    if not reviewer_name.strip():
        raise PublishingError("An approval needs the clinician's name.")
    if not edition.content["sources"]:
        raise PublishingError("A page needs at least one source before it can be approved.")
    _decide(
        edition,
        Edition.Status.APPROVED,
        by=by,
        reviewer_name=reviewer_name.strip(),
        reviewer_credentials=reviewer_credentials.strip(),
        reviewed_on=on,
        review_due_on=due or on + REVIEW_LASTS,
        published_at=timezone.now(),
    )
    _go_live(edition)


@transaction.atomic
def return_(*, edition: Edition, by: AbstractBaseUser, reason: str) -> None:
    """Send a submitted edition back to its author, with a reason.

    Raises PublishingError without a reason, or when the edition is no longer waiting.
    """
    if not reason.strip():
        raise PublishingError("Say what the author should change.")
    _decide(edition, Edition.Status.RETURNED, by=by, reason=reason.strip())


@transaction.atomic
def save_question(*, question: FAQ) -> None:
    """Save a question of a working copy, or one about the service, which is public and found at once."""
    question.save()
    search.index_service_faqs()


@transaction.atomic
def delete_questions(*, questions: QuerySet[FAQ]) -> None:
    """Delete questions of working copies, or about the service, which are then found no more."""
    questions.delete()
    search.index_service_faqs()


@transaction.atomic
def withdraw(*, condition: Condition) -> None:
    """Take a page off the site. Its editions stay. Does nothing when the page is not public."""
    locked(condition.pk)
    if Condition.objects.filter(pk=condition.pk, live_edition__isnull=False).update(live_edition=None):
        pages.forget_pages_showing(condition)
        search.forget_condition(condition)
        Listing.objects.filter(pk=condition.pk).delete()
    condition.refresh_from_db(fields=["live_edition"])


def locked(pk: int) -> Condition:
    """The condition as it is stored, which nobody else publishes or withdraws until the end of this transaction."""
    return Condition.objects.select_for_update().get(pk=pk)


def _decide(edition: Edition, status: Edition.Status, *, by: AbstractBaseUser | None, **fields: object) -> None:
    """Move a waiting edition to `status`: of two people who decide at once, one wins and the other is told."""
    locked(edition.condition_id)
    waiting = Edition.objects.filter(pk=edition.pk, status=Edition.Status.SUBMITTED)
    if waiting.update(status=status, decided_by=by, **fields) != 1:
        raise PublishingError(f"{edition} is not waiting for a decision any more.")
    edition.refresh_from_db()


def _go_live(edition: Edition) -> None:
    """Make an edition what the public reads: the page, the lists, the links from other pages, and search."""
    condition, content = edition.condition, edition.content
    newer = condition.editions.filter(number__gt=edition.number, published_at__isnull=False).order_by("number").last()
    if newer:
        raise PublishingError(f"Edition {newer.number} is newer and was published. Submit the page again.")
    Condition.objects.filter(pk=condition.pk).update(live_edition=edition)
    condition.refresh_from_db(fields=["live_edition"])
    try:
        with transaction.atomic():
            listing = make_listing(edition)
    except IntegrityError as error:
        raise PublishingError(f"Another public page already has the address “{content['slug']}”.") from error
    search.index_condition(listing, content)
    pages.forget_pages_showing(condition)
    pages.render_ahead(condition)


def make_listing(edition: Edition) -> Listing:
    """Write what lists, filters and links show of an edition. Raises IntegrityError when its address is taken."""
    content = edition.content
    listing, _ = Listing.objects.update_or_create(
        condition=edition.condition,
        defaults={
            "slug": content["slug"],
            "name": content["name"],
            "sort_name": content["name"].casefold(),
            "letter": first_letter(content["name"]),
            "summary": content["summary"],
            "aliases": content["aliases"],
            "words": " ".join([content["name"], *content["aliases"], content["summary"]]).casefold(),
            "stored_picture": content["picture"],
            "question_count": len(content["faqs"]),
            "featured": content["featured"],
            "changed_at": edition.published_at,
        },
    )
    listing.related.set(Condition.objects.filter(pk__in=content["related"]))
    listing.tags.all().delete()
    ListingTag.objects.bulk_create(
        ListingTag(listing=listing, kind=kind, slug=tag["slug"], name=tag["name"])
        for kind, tags in content["tags"].items()
        for tag in tags
    )
    return listing


def first_letter(name: str) -> str:
    """The letter that a page is listed under: A to Z, or # for a name that begins otherwise."""
    letter = name[:1].upper()
    return letter if "A" <= letter <= "Z" else "#"
