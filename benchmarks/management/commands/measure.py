from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from benchmarks.measures import audit, bookings, free_times, freshness, pages, search, uploads
from benchmarks.results import Figure

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "pages": pages.figures,
    "freshness": freshness.figures,
    "search": search.figures,
    "bookings": bookings.figures,
    "free times": free_times.figures,
    "uploads": uploads.figures,
    "lighthouse": audit.figures,
}


class Command(BaseCommand):
    help = "Measures the site and prints one line for each figure. Fills the database with generated content."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=PARTS, help="one part instead of all")

    def handle(self, *args: Any, **options: Any) -> None:
        missed = 0
        for part in [options["only"]] if options["only"] else PARTS:
            for figure in PARTS[part]():
                self.stdout.write(str(figure))
                self.stdout.flush()
                missed += not figure.is_met
        if missed:
            raise CommandError(f"{missed} of the figures miss their bar.")
