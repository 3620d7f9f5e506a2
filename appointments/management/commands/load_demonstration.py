from typing import Any

from django.core.management.base import BaseCommand

from appointments.scheduling import demonstration


class Command(BaseCommand):
    help = "Makes clinicians to try booking out with, on a demonstration site. What is there is left as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        new = demonstration.load()
        self.stdout.write(f"Made for demonstration: {', '.join(new)}." if new else "No clinicians were made.")
