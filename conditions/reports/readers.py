"""Pages that too few readers found helpful, by their answers to "Was this page helpful?"."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from conditions.models import Feedback

PERIOD = timedelta(days=90)
MIN_ANSWERS = 5
MIN_HELPFUL_PERCENT = 60
COMMENTS_PER_PAGE = 3


@dataclass(frozen=True)
class Unhelpful:
    """A public page that too few readers found helpful, with the newest of their comments."""

    condition: int
    name: str
    answers: int
    helped: int
    comments: list[str] = field(default_factory=list)


def midnight(day: date) -> datetime:
    """The beginning of a day at the clinic."""
    return timezone.make_aware(datetime.combine(day, time.min))


def unhelpful(on: date) -> list[Unhelpful]:
    """Public pages that less than 60% of at least 5 readers found helpful in the last 90 days, the worst first."""
    recent = Feedback.objects.filter(created_at__gte=midnight(on - PERIOD), condition__live_edition__isnull=False)
    pages = list(
        recent.order_by()
        .values("condition", name=F("condition__name"))
        .annotate(answers=Count("pk"), helped=Count("pk", filter=Q(helpful=True)))
        .filter(answers__gte=MIN_ANSWERS, helped__lt=F("answers") * MIN_HELPFUL_PERCENT / 100.0)
    )
    comments: dict[int, list[str]] = {}
    newest = Window(RowNumber(), partition_by="condition", order_by=["-created_at", "-pk"])
    said = recent.filter(condition__in=[page["condition"] for page in pages]).exclude(comment="")
    for condition, comment in (
        said.annotate(place=newest)
        .filter(place__lte=COMMENTS_PER_PAGE)
        .order_by("place")
        .values_list("condition", "comment")
    ):
        comments.setdefault(condition, []).append(comment)
    found = [Unhelpful(**page, comments=comments.get(page["condition"], [])) for page in pages]
    return sorted(found, key=lambda page: (page.helped / page.answers, -page.answers, page.name))
