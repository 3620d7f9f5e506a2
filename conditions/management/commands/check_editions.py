from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Exists, Max, OuterRef

from conditions.models import Condition, Edition, PageEvent


class Command(BaseCommand):
    help = "Looks whether every edition is there, says what was submitted, and was decided as the log says. Or fails."

    def handle(self, *args: Any, **options: Any) -> None:
        if found := [*missing(), *tampered(), *undecided()]:
            raise CommandError(f"{len(found)} not as they were: {'; '.join(found)}")
        self.stdout.write(f"All {Edition.objects.count()} editions are what was submitted.")


def missing() -> Iterator[str]:
    """Pages with a gap in the numbers of their editions."""
    counted = Condition.objects.annotate(count=Count("editions"), last=Max("editions__number")).order_by("pk")
    for condition in counted.filter(count__gt=0):
        if condition.count != condition.last:
            yield f"{condition}: {condition.count} editions, and the last is number {condition.last}"


def tampered() -> Iterator[str]:
    """Editions with a content other than the submitted one."""
    for edition in Edition.objects.select_related("condition").iterator(chunk_size=100):
        if not edition.is_intact:
            yield f"{edition} does not say what was submitted"


def undecided() -> Iterator[str]:
    """Editions with a submission in the log, but not their decision."""
    steps = PageEvent.objects.filter(edition=OuterRef("pk"))
    logged = Edition.objects.filter(Exists(steps.filter(kind="submitted"))).without_content()
    approved = logged.filter(~Exists(steps.filter(kind="approved", by=OuterRef("decided_by"))), status="approved")
    public = logged.filter(~Exists(steps.filter(kind="published")), published_at__isnull=False)
    for edition in (approved | public).select_related("condition").order_by("pk"):
        yield f"{edition} was decided without a step in the log"
