from typing import Any

from django.core.management.base import BaseCommand

from conditions.publishing import pages


class Command(BaseCommand):
    help = "Renders every public page that is not kept, or that was made with another layout. Run it after an upgrade."

    def handle(self, *args: Any, **options: Any) -> None:
        total = 0
        while count := pages.render_missing():
            total += count
        self.stdout.write(f"Rendered {total} pages.")
