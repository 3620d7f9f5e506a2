from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conditions.models import Edition


class Command(BaseCommand):
    help = "Looks whether every edition still says what was submitted. Names those that do not, and then fails."

    def handle(self, *args: Any, **options: Any) -> None:
        count, tampered = 0, []
        for edition in Edition.objects.select_related("condition").iterator(chunk_size=100):
            count += 1
            if not edition.is_intact:
                tampered.append(str(edition))
        if tampered:
            raise CommandError(f"Not what was submitted: {'; '.join(tampered)}")
        self.stdout.write(f"All {count} editions are what was submitted.")
