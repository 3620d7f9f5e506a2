"""People on the waiting list, for tests."""

from datetime import datetime, timedelta

from django.utils import timezone

from appointments.booking import waiting_list
from appointments.models import Appointment, Slot
from appointments.tests.factories import make_appointment, make_hours, make_slot
from appointments.tests.mailbox import deliver

DAY = timedelta(days=1)


def on(days: int) -> datetime:
    return (timezone.now() + days * DAY).replace(minute=0, second=0, microsecond=0)


def waits(*, hours=None, days: int = 20, **fields) -> Appointment:
    """An appointment some days ahead, whose patient is on the waiting list."""
    appointment = make_appointment(slot=make_slot(hours=hours, starts=on(days)))
    waiting_list.join(appointment=appointment, **fields)
    return appointment


def is_offered(hours=None) -> Appointment:
    """An appointment whose patient has just been offered an earlier time; all earlier mail is sent."""
    hours = hours or make_hours()
    appointment = waits(hours=hours)
    make_slot(hours=hours, starts=on(5))
    deliver()
    waiting_list.offer_freed()
    return appointment


def offered_to(appointment: Appointment) -> Slot | None:
    offer = waiting_list.open_offers(appointment).first()
    return offer.slot if offer else None
