import logging
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from appointments import message_kinds
from appointments.booking import booking, waiting_list
from appointments.privacy import erasure, retention
from appointments.scheduling import slot_sync
from calcsite.mail import sending
from calcsite.security import limits
from conditions import reports, search
from conditions.publishing import pages, publishing
from conditions.reports import digests

logger = logging.getLogger(__name__)

# The most urgent parts come first. Messages go last, so that those of the other parts leave in the same round.
PARTS: list[Callable[[], object]] = [
    erasure.apply_again,
    booking.clear_run_out,
    publishing.publish_due,
    pages.render_missing,
    reports.learn_working_copies,
    search.forget_old_empty,
    limits.clean_up,
    retention.clean_up_daily,
    slot_sync.make_slots_ahead,
    waiting_list.offer_freed,
    digests.send_due,
    message_kinds.send_waiting,
    sending.send_staff_mail,
]


def run(parts: list[Callable[[], object]]) -> None:
    """Run each part. A part that fails is logged, stops none of the others, and is retried in the next round."""
    for part in parts:
        try:
            part()
        except Exception:
            logger.exception("%s.%s failed; the next round tries again", part.__module__, part.__name__)


class Command(BaseCommand):
    help = "One round of the work that nobody waits for. The worker runs it again and again; cron can run it too."

    def handle(self, *args: Any, **options: Any) -> None:
        run(PARTS)
