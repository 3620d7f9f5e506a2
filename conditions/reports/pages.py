"""Pages by what has to be done next about them, for one person."""

from datetime import UTC, datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from conditions.composing import compose
from conditions.models import Condition, Edition, PageEvent
from conditions.models.editions import checksum
from conditions.publishing import locked

AT_A_TIME = 50  # working copies
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def to_review(user: AbstractBaseUser) -> QuerySet[Edition]:
    """The editions that wait and that somebody may decide on, the longest wait first.

    Nobody decides on their own work: this leaves out, in one query, whatever `publishing.has_written` is true of.
    """
    published = Edition.objects.filter(condition=OuterRef("condition"), published_at__isnull=False)
    before = published.filter(number__lt=OuterRef("number")).order_by().values("condition")
    since = Coalesce(Subquery(before.values(since=Max("submitted_at"))), Value(BEFORE_ALL))
    written = PageEvent.objects.writing().filter(
        condition=OuterRef("condition"), by=user, at__gt=OuterRef("since"), at__lte=OuterRef("submitted_at")
    )
    waiting = Edition.objects.waiting().annotate(since=since)
    return waiting.filter(~Exists(written), ~Q(submitted_by=user) | Q(submitted_by=None))


def worked_on_by(conditions: QuerySet[Condition], user: AbstractBaseUser) -> QuerySet[Condition]:
    """Those of some conditions whose working copy somebody has changed."""
    return conditions.filter(Exists(PageEvent.objects.writing().filter(condition=OuterRef("pk"), by=user)))


def learn_working_copies(most: int = AT_A_TIME) -> int:
    """Note what working copies say that nobody has noted yet, up to so many. Returns how many."""
    unknown = Condition.objects.filter(working_checksum="").order_by("pk").values_list("pk", flat=True)[:most]
    return sum(map(_learn_working_copy, unknown))


@transaction.atomic
def _learn_working_copy(pk: int) -> bool:
    says = checksum(compose(locked(pk)))
    return Condition.objects.filter(pk=pk, working_checksum="").update(working_checksum=says) == 1
