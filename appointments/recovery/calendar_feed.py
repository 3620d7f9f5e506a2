"""A patient's recovery plan as a calendar feed, at a secret address that the patient makes, renews and ends.

Calendar programs keep the feed on other machines, and families share it. So it holds nothing medical: the number of
the day, and that there is a follow-up. Only a digest of the secret is stored: a copy of the database
opens no feed.
"""

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar, Event

from appointments.choices import Status
from appointments.governance import audit
from appointments.models import AuditEntry, FollowUp, RecoveryPlan
from calcsite.errors import UserFacingError
from calcsite.security.tokens import digest_of, new_token

CHANGED = AuditEntry.Action.CHANGED
DAYS_BACK, DAYS_AHEAD = 30, 90  # of the plan in the calendar, before and after today


@transaction.atomic
def renew(*, plan: RecoveryPlan) -> str:
    """Give a plan a new address, and end the one before. Returns the secret, which is stored nowhere.

    Raises UserFacingError when the plan has ended.
    """
    secret = new_token()
    if RecoveryPlan.objects.filter(pk=plan.pk, ended_at=None).update(feed_digest=digest_of(secret)) != 1:
        raise UserFacingError("This recovery plan has ended.")
    audit.record(CHANGED, plan.appointment, by=audit.PATIENT, detail="Calendar address made")
    return secret


@transaction.atomic
def revoke(*, plan: RecoveryPlan) -> None:
    """End the address of a plan, which is a 404 from then on. Idempotent."""
    if RecoveryPlan.objects.filter(pk=plan.pk).exclude(feed_digest="").update(feed_digest="") == 1:
        audit.record(CHANGED, plan.appointment, by=audit.PATIENT, detail="Calendar address ended")


def find(secret: str) -> RecoveryPlan | None:
    """The plan whose address holds this secret; None for anything else."""
    return RecoveryPlan.objects.select_related("appointment").filter(feed_digest=digest_of(secret)).first()


def calendar_of(plan: RecoveryPlan, today: date | None = None) -> bytes:
    """A plan as an iCalendar file (RFC 5545): one event for each day, and one for each follow-up."""
    calendar = Calendar()
    calendar.add("prodid", "-//calcsite//recovery//EN")
    calendar.add("version", "2.0")
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    today = today or timezone.localdate()
    for day in days_shown(plan, today):
        calendar.add_component(_day(plan, day))
    for follow_up in plan.follow_ups.select_related("appointment__slot"):
        calendar.add_component(_follow_up(plan, follow_up))
    return calendar.to_ical()


def days_shown(plan: RecoveryPlan, today: date) -> range:
    """The days of the plan around today."""
    now = plan.day(today)
    last = now + DAYS_AHEAD if plan.last_day is None else min(plan.day(plan.last_day), now + DAYS_AHEAD)
    return range(max(0, now - DAYS_BACK), last + 1)


def _day(plan: RecoveryPlan, day: int) -> Event:
    event = _event(plan, f"day-{day}", f"Day {day} of your plan: look at your page")
    event.add("dtstart", plan.first_day + timedelta(days=day))
    event.add("dtend", plan.first_day + timedelta(days=day + 1))
    event.add("transp", "TRANSPARENT")  # the day stays free for other events
    return event


def _follow_up(plan: RecoveryPlan, follow_up: FollowUp) -> Event:
    booked = follow_up.appointment
    if booked is None or booked.status == Status.CANCELLED:
        event = _event(plan, f"follow-up-{follow_up.pk}", "Around this day: a follow-up. Look at your page")
        event.add("dtstart", follow_up.day)
        event.add("dtend", follow_up.day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        return event
    event = _event(plan, f"follow-up-{follow_up.pk}", "Follow-up appointment")
    event.add("dtstart", booked.slot.starts)
    event.add("dtend", booked.slot.ends)
    return event


def _event(plan: RecoveryPlan, name: str, summary: str) -> Event:
    event = Event()
    event.add("uid", f"{plan.appointment.uid}-{name}")
    event.add("dtstamp", plan.started_at)
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("url", settings.SITE_URL + reverse("patient:recovery"))
    return event
