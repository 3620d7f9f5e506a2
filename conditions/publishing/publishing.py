"""Publishing: the way of a page to the public, and back.

Working copy → `submit` freezes an edition → a clinician's `approve`, or `publish_unreviewed`, makes it the live one →
`withdraw` takes the page off the site. An approval may be for a set time: `publish_due` makes it live then.

Listing, tags, search entries and the log change in the transaction that changes the live edition. The finished page is
rendered there too, so that a page with a fault in it is not published; it is compressed after the commit, because the
transaction holds SQLite's only write lock.

Each verb begins by locking its condition, as a save in the admin does: an edition is never half of one save and half
of another, and no two verbs wait for each other. (SQLite has one writer at a time anyway.)
"""

import logging
from contextlib import suppress
from datetime import date, datetime

from django.contrib.auth.models import AbstractBaseUser, AbstractUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from calcsite.errors import UserFacingError
from calcsite.models import PublicName, StaffProfile
from calcsite.stale import fingerprint, refuse_stale
from conditions import search
from conditions.composing import Content, compose
from conditions.models import Condition, Edition, Listing, PageEvent
from conditions.months import months_after
from conditions.publishing import listings, pages

logger = logging.getLogger(__name__)

Kind, Status = PageEvent.Kind, Edition.Status


@transaction.atomic
def submit(
    *,
    condition: Condition,
    by: AbstractBaseUser | None,
    note: str = "",
    is_correction: bool = False,
    seen: str | None = None,
) -> Edition:
    """Freeze the working copy, as it is stored now, as the next edition. An edition that still waits is returned.

    `seen` is the fingerprint of the text on the form's page. Raises StaleError when that is out of date, and
    UserFacingError for a correction of a page that no clinician has reviewed.
    """
    condition = locked(condition.pk)
    content = compose(condition)
    refuse_unseen(content, seen)
    if is_correction and not condition.has_review:
        raise UserFacingError("A correction keeps the date of an earlier review, and this page has none.")
    latest = condition.editions.without_content().first()
    edition = Edition(
        condition=condition,
        number=latest.number + 1 if latest else 1,
        content=content,
        submitted_by=by,
        note=note.strip(),
        is_correction=is_correction,
    )
    if latest and latest.is_waiting:  # an older one never is: it was returned when the next was submitted
        _send_back(latest, by=by, reason=f"Edition {edition.number} took its place.")
    edition.save()
    if condition.working_checksum != edition.checksum:
        Condition.objects.filter(pk=condition.pk).update(working_checksum=edition.checksum)
    PageEvent.record(Kind.SUBMITTED, condition, by=by, edition=edition, why=edition.note)
    return edition


def publish_unreviewed(*, edition: Edition, by: AbstractBaseUser | None, reason: str) -> None:
    """Make a submitted edition the live one without a clinician's approval, which its page shows.

    Raises UserFacingError without a reason, or when the edition is no longer waiting.
    """
    with transaction.atomic():
        page = _publish_unreviewed(edition, by=by, reason=reason)
    pages.keep_latest(page)


def publish_working_copy(
    *,
    condition: Condition,
    by: AbstractBaseUser | None,
    reason: str,
    seen: str | None = None,
    is_kept: bool = True,
) -> Edition:
    """Submit the working copy and publish it without a clinician's approval, in one step.

    Raises UserFacingError as `submit` and `publish_unreviewed` do; no edition is left behind then. A caller with a
    transaction of its own passes `is_kept=False`, and calls `pages.render_missing` after it.
    """
    with transaction.atomic():
        edition = submit(condition=condition, by=by, seen=seen)
        page = _publish_unreviewed(edition, by=by, reason=reason)
    if is_kept:
        pages.keep_latest(page)
    return edition


def _publish_unreviewed(edition: Edition, *, by: AbstractBaseUser | None, reason: str) -> pages.MadePage:
    if not reason.strip():
        raise UserFacingError("Say why this page is published without a clinician's review.")
    edition.condition = locked(edition.condition_id)
    _decide(edition, Status.UNREVIEWED, by=by, reason=reason.strip(), published_at=timezone.now())
    return _go_live(edition, by=by, why=f"Without a clinician's review: {edition.reason}")


def approve(
    *,
    edition: Edition,
    by: AbstractUser,
    on: date | None = None,
    due: date | None = None,
    goes_live_at: datetime | None = None,
    keeps_review: bool = False,
) -> None:
    """Approve a submitted edition in the name of a clinician; it goes live now, or at `goes_live_at`.

    `on` is the day of the review (default: today at the clinic) and `due` the day of the next one (default: as many
    months later as the condition says). With `keeps_review`, for a correction only, the review of the live edition
    stays, and the clinician is named as the corrector: nothing but a full review moves its dates. The public reads the
    name and credentials of the clinician's account.

    Raises UserFacingError when the clinician is an author or their account has no name, when the page cites no source,
    when a date is impossible, or when the edition is no longer waiting.
    """
    with transaction.atomic():
        edition.condition = condition = locked(edition.condition_id)
        on = on or timezone.localdate()
        clinician = _approving_clinician(by, edition)
        review = _kept_review(edition, clinician, on) if keeps_review else _full_review(condition, clinician, on, due)
        if goes_live_at:
            _refuse_impossible_time(goes_live_at, due=review["review_due_on"])
        published_at = None if goes_live_at else timezone.now()
        _decide(edition, Status.APPROVED, by=by, goes_live_at=goes_live_at, published_at=published_at, **review)
        when = f"Goes live on {timezone.localtime(goes_live_at):%-d %B %Y at %H:%M}." if goes_live_at else ""
        PageEvent.record(Kind.APPROVED, condition, by=by, edition=edition, why=when)
        page = _go_live(edition, by=by) if published_at else None
    if page:
        pages.keep_latest(page)


def _approving_clinician(by: AbstractUser, edition: Edition) -> PublicName:
    """The name under which `by` approves an edition. Raises UserFacingError for an author, an account without a name,
    or a page without a source."""
    if has_written(by, edition):
        raise UserFacingError("You have worked on this text yourself. Somebody else has to approve it.")
    clinician = StaffProfile.of(by)
    if not clinician.name:
        raise UserFacingError("An approval needs the clinician's name. An administrator fills it in on your account.")
    if not edition.content["sources"]:
        raise UserFacingError("A page needs at least one source before it can be approved.")
    return clinician


def _refuse_impossible_time(goes_live_at: datetime, *, due: date) -> None:
    """Raises UserFacingError for a time that has passed, or from which the page's next review is due already."""
    if goes_live_at <= timezone.now():
        raise UserFacingError("The time to go live has passed. Choose a later one, or none to publish now.")
    if timezone.localdate(goes_live_at) >= due:
        raise UserFacingError("The page would go live when its next review is already due. Choose an earlier time.")


def _full_review(condition: Condition, clinician: PublicName, on: date, due: date | None) -> dict[str, object]:
    due = due or months_after(on, condition.review_months)
    if not on < due <= months_after(on, condition.review_months):
        raise UserFacingError(f"The next review is due after this one, within {condition.review_months} months.")
    return {
        "reviewer_name": clinician.name,
        "reviewer_credentials": clinician.credentials,
        "reviewed_on": on,
        "review_due_on": due,
    }


def _kept_review(edition: Edition, clinician: PublicName, on: date) -> dict[str, object]:
    live = edition.condition.live_edition
    if not edition.is_correction or not edition.condition.has_review:
        raise UserFacingError("Only a correction of a reviewed page can keep the date of its review.")
    return {
        "reviewer_name": live.reviewer_name,
        "reviewer_credentials": live.reviewer_credentials,
        "reviewed_on": live.reviewed_on,
        "review_due_on": live.review_due_on,
        "corrector_name": clinician.name,
        "corrector_credentials": clinician.credentials,
        "corrected_on": on,
    }


def has_written(user: AbstractBaseUser, edition: Edition) -> bool:
    """Whether a user is an author of an edition, and so may not approve it (`EditionQuerySet.not_written_by`)."""
    return not Edition.objects.filter(pk=edition.pk).not_written_by(user).exists()


@transaction.atomic
def return_(*, edition: Edition, by: AbstractBaseUser | None, reason: str) -> None:
    """Send an edition that waits for review, or for its time to go live, back to its author.

    Raises UserFacingError without a reason, or for any other edition.
    """
    if not reason.strip():
        raise UserFacingError("Say what the author should change.")
    edition.condition = locked(edition.condition_id)
    _send_back(edition, by=by, reason=reason.strip())


@transaction.atomic
def withdraw(*, condition: Condition, by: AbstractBaseUser | None, reason: str) -> None:
    """Take a page off the site. Its editions stay, and a scheduled one is returned to its author.

    A page that is not public only has its scheduled edition returned. Raises UserFacingError without a reason.
    """
    if not reason.strip():
        raise UserFacingError("Say why the page is taken off the site.")
    stored = locked(condition.pk)
    for edition in stored.editions.scheduled():
        _send_back(edition, by=by, reason=f"The page was taken off the site: {reason.strip()}")
    if Condition.objects.filter(pk=condition.pk, live_edition__isnull=False).update(live_edition=None):
        pages.forget_pages_showing(condition)
        search.forget_condition(condition)
        Listing.objects.filter(pk=condition.pk).delete()
        PageEvent.record(Kind.WITHDRAWN, stored, by=by, edition=stored.live_edition, why=reason.strip())
    condition.refresh_from_db(fields=["live_edition"])


def publish_due(at: datetime | None = None) -> int:
    """Make live every approved edition whose time has come. Returns how many. Any number of workers may do this.

    An edition that cannot go live, because its address was taken or a newer edition was published meanwhile, is sent
    back to its author with that reason.
    """
    published = 0
    for edition in Edition.objects.due(at).select_related("condition"):
        try:
            if page := _publish_scheduled(edition):
                published += 1
                pages.keep_latest(page)
        except UserFacingError as error:
            with suppress(UserFacingError):  # sent back meanwhile
                return_(edition=edition, by=None, reason=f"It could not go live when its time came. {error}")
        except Exception:
            # A fault in one page must not keep the others waiting. The next call tries it again.
            logger.exception("%s could not go live when its time came", edition)
    return published


@transaction.atomic
def _publish_scheduled(edition: Edition) -> pages.MadePage | None:
    """Make a scheduled edition live. None when another worker has, or it was sent back meanwhile."""
    condition = locked(edition.condition_id)
    if Edition.objects.scheduled().filter(pk=edition.pk).update(published_at=timezone.now()) != 1:
        return None
    edition.refresh_from_db()
    edition.condition = condition
    return _go_live(edition, by=None, why="Its time had come.")


def refuse_unseen(content: Content, seen: str | None) -> None:
    """Raises StaleError when `seen`, the fingerprint of the text on the form's page, is not that of `content`.

    None is for the site's own steps, which have no form.
    """
    problem = "Somebody has saved the working copy since you opened this. Look at it again."
    refuse_stale(seen, fingerprint(content), problem=problem)


def locked(pk: int) -> Condition:
    """The condition as it is stored, with its row locked until the end of the transaction."""
    return Condition.objects.select_for_update().get(pk=pk)


def _decide(edition: Edition, status: Edition.Status, *, by: AbstractBaseUser | None, **fields: object) -> None:
    """Move a waiting edition to `status`. Of two decisions at once one is made; the other raises UserFacingError."""
    waiting = Edition.objects.filter(pk=edition.pk, status=Status.SUBMITTED)
    _change(edition, waiting, "for a decision any more", status=status, decided_by=by, **fields)


def _send_back(edition: Edition, *, by: AbstractBaseUser | None, reason: str) -> None:
    """Return an edition that waits for its review, or for its time to go live. Raises UserFacingError otherwise."""
    undecided = {"reviewer_name": "", "reviewer_credentials": "", "reviewed_on": None, "review_due_on": None}
    uncorrected = {"corrector_name": "", "corrector_credentials": "", "corrected_on": None, "goes_live_at": None}
    waiting = Edition.objects.filter(pk=edition.pk, status__in=[Status.SUBMITTED, Status.APPROVED], published_at=None)
    decision = {"status": Status.RETURNED, "decided_by": by, "reason": reason} | undecided | uncorrected
    _change(edition, waiting, "any more", **decision)
    PageEvent.record(Kind.RETURNED, edition.condition, by=by, edition=edition, why=reason)


def _change(edition: Edition, waiting: QuerySet[Edition], when: str, **fields: object) -> None:
    """Compare and swap: change the edition while it is still one of `waiting`, or raise UserFacingError."""
    if waiting.update(**fields) != 1:
        raise UserFacingError(f"{edition} is not waiting {when}.")
    for name, value in fields.items():
        setattr(edition, name, value)


def _go_live(edition: Edition, *, by: AbstractBaseUser | None, why: str = "") -> pages.MadePage:
    """Make an edition live: its listing, its search entries, and the links to it from other pages.

    Returns the finished page, to be kept after the commit. The caller holds the lock of `edition.condition`.
    """
    condition = edition.condition
    before = condition.editions.published().exclude(pk=edition.pk).values("number", "content__slug").first()
    if before and before["number"] > edition.number:
        raise UserFacingError(f"Edition {before['number']} is newer and was published. Submit the page again.")
    condition.live_edition = edition
    Condition.objects.filter(pk=condition.pk).update(live_edition=edition)
    listing = listings.make_listing(edition, former_slug=before["content__slug"] if before else None)
    search.index_condition(listing, edition.content)
    pages.forget_pages_showing(condition)
    PageEvent.record(Kind.PUBLISHED, condition, by=by, edition=edition, why=why)
    return pages.make_page(condition, edition)
