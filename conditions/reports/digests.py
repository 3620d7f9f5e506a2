"""Digests: a weekly e-mail to each member of staff with the reports of their desk.

Every Monday from seven o'clock at the clinic. When the worker was down then, they go as soon as it is up again in that
week, and not later.
"""

import logging
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone

from calcsite.context import clinic
from calcsite.models import StaffMail
from conditions import reports
from conditions.models import DigestSent

FROM_TIME = time(7)
ROWS_PER_REPORT = 10
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"

logger = logging.getLogger(__name__)


def send_due(at: datetime | None = None) -> int:
    """Queue this week's digests that are not there yet. Returns their number.

    Any number of workers may do this at once: a person's week is taken in the transaction that writes the message.
    """
    now = timezone.localtime(at)
    monday = now.date() - timedelta(days=now.weekday())
    if (now.date(), now.time()) < (monday, FROM_TIME):
        return 0
    return sum(_send(person, monday, on=now.date()) for person in _people(monday))


def _people(monday: date) -> QuerySet[AbstractUser]:
    """Staff who can act on something, want the digest, and have had no chance of it yet this week.

    A person without a profile wants it, as the default of a profile is. A newer account waits until next Monday.
    """
    users = get_user_model().objects
    needed = {permission for report in reports.DESK for permission in report.needs}
    may_act = (users.with_perm(permission, backend=MODEL_BACKEND) for permission in sorted(needed))
    begins = timezone.make_aware(datetime.combine(monday, FROM_TIME))
    had = DigestSent.objects.filter(user=OuterRef("pk"), week=monday)
    staff = users.filter(
        pk__in=reduce(or_, may_act).values("pk"), is_active=True, is_staff=True, date_joined__lt=begins
    )
    return staff.exclude(email="").exclude(profile__wants_digest=False).filter(~Exists(had)).order_by("pk")


def _send(person: AbstractUser, monday: date, *, on: date) -> bool:
    """Send one digest, if its reports have rows. Returns whether this worker sent it; the week is done either way."""
    found = [each for each in reports.found_for(person, reports.DESK, on=on, most=ROWS_PER_REPORT) if each.total]
    context = {"person": person, "found": found, "total": sum(each.total for each in found)} | clinic()
    with transaction.atomic():
        return _is_mine(person, monday) and bool(found) and _queue(person, context)


def _is_mine(person: AbstractUser, monday: date) -> bool:
    """Claim a person's week for this worker. The unique constraint lets one worker have it."""
    try:
        with transaction.atomic():
            DigestSent.objects.create(user=person, week=monday)
    except IntegrityError:
        return False
    return True


def _queue(person: AbstractUser, context: dict[str, object]) -> bool:
    """Whether there was an address to send to."""
    try:
        validate_email(person.email)
    except ValidationError:
        logger.warning("the weekly e-mail cannot be sent to account %s: its address is none", person.pk)
        return False
    StaffMail.objects.create(
        to=person.email,
        subject=render_to_string("conditions/emails/digest_subject.txt", context),
        text=render_to_string("conditions/emails/digest.txt", context),
        html=render_to_string("conditions/emails/digest.html", context),
    )
    return True
