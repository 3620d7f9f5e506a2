import logging
import signal
import threading
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Does the work that nobody waits for, until it is stopped. Any number may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pause", type=float, default=5, help="seconds between two rounds (default: 5)")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                call_command("tick", stdout=self.stdout)
            except DatabaseError:
                logger.exception("this round of work failed; the next one tries again")
            close_old_connections()
            stop.wait(options["pause"])
