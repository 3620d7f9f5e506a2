from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from appointments.privacy import retention


class Command(BaseCommand):
    help = "Deletes what has been kept long enough, which the worker does daily. With --dry-run it only says how much."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = {each.name: (each.days, each.held.count()) for each in retention.outdated()}
        verb = "would be deleted" if options["dry_run"] else "deleted"
        for name, count in retention.clean_up(dry_run=options["dry_run"]).items():
            days, held = kept[name]
            note = f"; {held} kept by a legal hold" if held else ""
            self.stdout.write(f"{name}: {count} {verb} (kept for {days} days){note}")
