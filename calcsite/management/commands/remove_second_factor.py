from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calcsite.signin import secondfactor


class Command(BaseCommand):
    help = "Removes the second factor of somebody who lost it, when no administrator is left who could."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the account's user name")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user_model().objects.filter(username=options["name"]).first()
        if not user:
            raise CommandError(f"There is no account named {options['name']}.")
        secondfactor.remove(user=user)
        self.stdout.write(f"“{user}” is signed out everywhere, and sets up a second factor at the next sign-in.")
