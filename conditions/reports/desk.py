"""The reports: their titles, permissions and rows, each row with a link to its action.

The same rows are shown on the first page of the admin, on the page of reports and in the weekly e-mail; so their words
are here, once, and not in three templates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Window
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from conditions.models import Condition, Edition, EmptySearch, PageEvent
from conditions.parts import PARTS
from conditions.reports.links import BrokenLink, broken_links
from conditions.reports.readers import Unhelpful, unhelpful

SOON_DAYS = 90


@dataclass(frozen=True)
class Row:
    """A report row: title, problem, link to the action."""

    name: str
    detail: str
    action: str
    url: str
    comments: list[str] = field(default_factory=list)
    more_url: str = ""  # where all comments are


@dataclass(frozen=True)
class Report:
    """A report. `needs` are the permissions to act on its rows; any of them is enough."""

    key: str
    title: str
    about: str
    needs: tuple[str, ...]
    find: Callable[[AbstractUser, date], QuerySet | Sequence]
    row: Callable[[Any, date], Row]


@dataclass(frozen=True)
class Found:
    """The first rows of a report, and how many there are in all."""

    report: Report
    rows: list[Row]
    total: int

    @property
    def left(self) -> int:
        return self.total - len(self.rows)


def may_see(user: AbstractUser, report: Report) -> bool:
    return any(user.has_perm(permission) for permission in report.needs)


def found_for(user: AbstractUser, reports: Sequence[Report], *, on: date, most: int) -> list[Found]:
    """The rows of the reports that a user may see, up to `most` of each."""
    return [_found(user, report, on, most) for report in reports if may_see(user, report)]


def _found(user: AbstractUser, report: Report, on: date, most: int) -> Found:
    items = report.find(user, on)
    if isinstance(items, QuerySet):
        first = list(items.annotate(of=Window(Count("pk")))[:most])
        total = first[0].of if first else 0
    else:
        first, total = items[:most], len(items)
    return Found(report, [report.row(item, on) for item in first], total)


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def _days(count: int) -> str:
    return {0: "since today", 1: "for a day"}.get(count, f"for {count} days")


def _name(user: AbstractUser | None) -> str:
    return "" if user is None else user.get_full_name() or user.get_username()


def _on_condition(step: str, pk: int) -> str:
    return reverse(f"admin:conditions_condition_{step}", args=[pk])


def _sent(edition: Edition, on: date) -> Row:
    waits = _days((on - timezone.localdate(edition.submitted_at)).days)
    url = reverse("admin:conditions_edition_review", args=[edition.pk])
    return Row(edition.condition.name, f"edition {edition.number}, waiting {waits}", "Look at it", url)


def _waiting(edition: Edition, on: date) -> Row:
    waits = _days((on - timezone.localdate(edition.submitted_at)).days)
    author = f", sent by {_name(edition.submitted_by)}" if edition.submitted_by else ""
    kind = "a correction" if edition.is_correction else f"edition {edition.number}"
    url = reverse("admin:conditions_edition_review", args=[edition.pk])
    return Row(edition.condition.name, f"{kind}, waiting {waits}{author}", "Review", url)


def _sent_back(edition: Edition, on: date) -> Row:
    by = f" by {_name(edition.decided_by)}" if edition.decided_by else ""
    url = _on_condition("change", edition.condition_id)
    return Row(edition.condition.name, f"edition {edition.number}, sent back{by}", "Edit", url, [edition.reason])


def _scheduled(edition: Edition, on: date) -> Row:
    when = date_format(timezone.localtime(edition.goes_live_at), "j F Y, H:i")
    url = reverse("admin:conditions_edition_review", args=[edition.pk])
    return Row(edition.condition.name, f"edition {edition.number} goes live on {when}", "Look at it", url)


def _due(condition: Condition, on: date) -> Row:
    due = condition.live_edition.review_due_on
    late = f", {(on - due).days} days late" if (on - due).days > 1 else ""
    return Row(condition.name, f"due {_day(due)}{late}", "Send for review", _on_condition("submit", condition.pk))


def _never_reviewed(condition: Condition, on: date) -> Row:
    since = _day(timezone.localtime(condition.live_edition.published_at).date())
    return Row(condition.name, f"public since {since}", "Send for review", _on_condition("submit", condition.pk))


def _ahead(condition: Condition, on: date) -> Row:
    changed = _day(timezone.localtime(condition.updated_at).date())
    return Row(condition.name, f"last saved {changed}", "Compare", _on_condition("compare", condition.pk))


def _withdrawn(condition: Condition, on: date) -> Row:
    since = _day(timezone.localdate(condition.withdrawn_at))
    url = _on_condition("change", condition.pk)
    return Row(condition.name, f"taken off on {since}", "Open", url, [condition.withdrawn_why])


def _unhelpful(page: Unhelpful, on: date) -> Row:
    detail = f"helpful to {page.helped} of {page.answers} readers"
    all_comments = f"{reverse('admin:conditions_feedback_changelist')}?condition__id__exact={page.condition}"
    url = _on_condition("change", page.condition)
    return Row(page.name, detail, "Edit", url, page.comments, all_comments)


def _empty_search(search: EmptySearch, on: date) -> Row:
    times = "once" if search.count == 1 else f"{search.count} times"
    url = reverse("admin:conditions_emptysearch_act", args=[search.pk])
    return Row(f"“{search.query}”", f"{times}, last on {_day(search.last_on)}", "Answer", url)


# The id in the form of a condition, by the place of a part on the page.
FORM_IDS = {part.place: part.form_id for part in PARTS if part.place}


def _broken_link(link: BrokenLink, on: date) -> Row:
    detail = f"{link.path} has moved to {link.moved_to}" if link.moved_to else f"{link.path} is not there"
    part = "faqs-group" if link.place.startswith("faq-") else FORM_IDS.get(link.place, "sections-group")
    url = reverse(f"admin:conditions_{link.kind}_change", args=[link.row])
    return Row(link.name, detail, "Edit", f"{url}#{part}" if link.place else url)


def _light(editions: QuerySet[Edition]) -> QuerySet[Edition]:
    """Editions with the fields that rows show, without their content."""
    return editions.select_related("condition", "submitted_by", "decided_by").defer("content")


def _is_under_way(**same: OuterRef) -> Exists:
    """Whether an edition of the page with the `same` values waits for a clinician or for its time to go live."""
    under_way = Edition.objects.filter(Q(status="submitted") | Q(status="approved", published_at=None))
    return Exists(under_way.filter(condition=OuterRef("pk"), **same))


def _taken_off() -> QuerySet[Condition]:
    """Pages taken off the site, with the time and the reason; the last one first."""
    steps = PageEvent.objects.filter(condition=OuterRef("pk"), kind=PageEvent.Kind.WITHDRAWN).order_by("-pk")
    at, why = (Subquery(steps.values(name)[:1]) for name in ("at", "why"))
    taken_off = Condition.objects.annotate(withdrawn_at=at, withdrawn_why=why)
    return taken_off.filter(live_edition=None, withdrawn_at__isnull=False).order_by("-withdrawn_at", "name")


EDITOR, REVIEWER = "conditions.change_condition", "conditions.review_edition"
ADMINISTRATOR, SEARCHES = "conditions.publish_unreviewed", "conditions.change_emptysearch"

WAITING = Report(
    "waiting",
    "Waiting for your review",
    "Sent by somebody else. The longest wait comes first.",
    (REVIEWER,),
    lambda user, on: _light(Edition.objects.waiting().not_written_by(user)),
    _waiting,
)
SENT_BACK = Report(
    "sent-back",
    "Sent back to you",
    "Somebody asked for a change before this can go live.",
    (EDITOR,),
    lambda user, on: _light(Edition.objects.sent_back_to(user)),
    _sent_back,
)
SENT = Report(
    "sent",
    "Sent for review by you",
    "A clinician has not decided yet.",
    (EDITOR,),
    lambda user, on: _light(Edition.objects.waiting().filter(submitted_by=user)),
    _sent,
)
OVERDUE = Report(
    "overdue",
    "Review overdue",
    "These pages tell readers that their review is late.",
    (EDITOR,),
    lambda user, on: Condition.objects.overdue(on),
    _due,
)
DUE_SOON = Report(
    "due-soon",
    "Review due soon",
    f"Due within {SOON_DAYS} days.",
    (EDITOR,),
    lambda user, on: Condition.objects.due_soon(on, days=SOON_DAYS),
    _due,
)
NEVER_REVIEWED = Report(
    "never-reviewed",
    "Public without a clinician’s review",
    "These pages tell readers that no clinician has reviewed them.",
    (EDITOR,),
    lambda user, on: Condition.objects.never_reviewed().filter(~_is_under_way()),
    _never_reviewed,
)
WITHDRAWN = Report(
    "withdrawn",
    "Taken off the site",
    "The public could read these pages, and cannot now.",
    (EDITOR,),
    lambda user, on: _taken_off(),
    _withdrawn,
)
AHEAD = Report(
    "ahead",
    "Changed, not yet public",
    "The working copy says something else than the public page.",
    (EDITOR,),
    lambda user, on: Condition.objects.ahead_of_live(),
    _ahead,
)
YOURS_AHEAD = replace(
    AHEAD,
    title="Your changes that are not public yet",
    about="The working copy says something that nobody has been asked to review yet.",
    find=lambda user, on: (
        Condition.objects.ahead_of_live()
        .worked_on_by(user)
        .filter(~_is_under_way(checksum=OuterRef("working_checksum")))
    ),
)
SCHEDULED = Report(
    "scheduled",
    "Going live later",
    "Approved, and waiting for the set time.",
    (EDITOR, REVIEWER),
    lambda user, on: _light(Edition.objects.scheduled()),
    _scheduled,
)
BROKEN_LINKS = Report(
    "links",
    "Links that lead nowhere",
    "On public pages, to this site. A link to an old address still works; the new one is better.",
    (EDITOR,),
    lambda user, on: broken_links(),
    _broken_link,
)
UNHELPFUL = Report(
    "unhelpful",
    "Pages that did not help",
    "Fewer than 60% of at least 5 readers found them helpful in the last 90 days.",
    (EDITOR,),
    lambda user, on: unhelpful(on),
    _unhelpful,
)
EMPTY_SEARCHES = Report(
    "searches",
    "Searches that found nothing",
    "Give a page another name, write a question, or leave it.",
    (SEARCHES,),
    lambda user, on: EmptySearch.objects.open(),
    _empty_search,
)

REPORTS = [
    WAITING,
    SENT_BACK,
    SENT,
    OVERDUE,
    DUE_SOON,
    NEVER_REVIEWED,
    WITHDRAWN,
    AHEAD,
    SCHEDULED,
    BROKEN_LINKS,
    UNHELPFUL,
    EMPTY_SEARCHES,
]
# The reports of one user's desk, in order. Most pages of a young site were never reviewed: only administrators have
# that report on their desk.
DESK = [
    WAITING,
    SENT_BACK,
    YOURS_AHEAD,
    OVERDUE,
    DUE_SOON,
    UNHELPFUL,
    EMPTY_SEARCHES,
    BROKEN_LINKS,
    SCHEDULED,
    replace(NEVER_REVIEWED, needs=(ADMINISTRATOR,)),
]
# The first page also shows the user's own submissions, which the e-mail leaves out.
FIRST_PAGE = [*DESK[:2], SENT, *DESK[2:]]
