from typing import Any

from django.core.management.base import BaseCommand, CommandError

from appointments.choices import OpinionStatus
from appointments.models import Opinion


class Command(BaseCommand):
    help = "Looks whether every signed opinion still says what was signed. Or fails, and names those that don't."

    def handle(self, *args: Any, **options: Any) -> None:
        signed = Opinion.objects.exclude(status=OpinionStatus.DRAFT).select_related("appointment").order_by("pk")
        count, found = 0, []
        for opinion in signed.iterator(chunk_size=100):
            count += 1
            if not opinion.is_intact:
                found.append(str(opinion))
        if found:
            raise CommandError(f"{len(found)} no longer as signed: {'; '.join(found)}")
        self.stdout.write(f"Signed opinions that are as they were signed: {count}, which is all.")
