from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from conditions.exchange.files import ExchangeError
from conditions.starter import loading


class Command(BaseCommand):
    help = "Loads the starter content. What the site has already is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=loading.FOLDER, help="where the files are")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = loading.load(options["folder"])
        except ExchangeError as error:
            raise CommandError(f"Nothing was loaded. {error}") from error
        if not (report.conditions or report.pages or report.questions):
            self.stdout.write("The starter content is there already.")
            return
        self.stdout.write(
            f"Loaded {len(report.conditions)} conditions, {report.questions} questions about the service "
            f"and {len(report.pages)} general pages."
        )
