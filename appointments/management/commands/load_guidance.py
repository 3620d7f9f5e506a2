from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appointments.guidance import starter
from conditions.exchange.files import ExchangeError


class Command(BaseCommand):
    help = "Loads the starter checklist, guidance and questions to choose from. What is there is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            new = starter.load()
        except ExchangeError as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        said = f"Loaded {new} items of the checklist, the guidance and the questions to choose from."
        self.stdout.write(said if new else "The checklist and the guidance are there already.")
