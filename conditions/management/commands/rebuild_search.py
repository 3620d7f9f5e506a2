from django.core.management.base import BaseCommand

from conditions import search


class Command(BaseCommand):
    help = "Index all live pages and questions for search again, for instance after content was restored by hand."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{search.rebuild()} pages can be found again.")
