from typing import Any

from django.core.management.base import BaseCommand

from conditions import pages


class Command(BaseCommand):
    help = "One round of the work that nobody waits for. The worker runs it again and again; cron can run it too."

    def handle(self, *args: Any, **options: Any) -> None:
        pages.render_missing()
