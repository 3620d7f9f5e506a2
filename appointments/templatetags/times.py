"""Times in the patient's time zone, in the format of the patient pages."""

from datetime import datetime

from django import template
from django.utils.formats import date_format

from appointments.scheduling import timezones
from appointments.scheduling.availability import Day

register = template.Library()
register.filter("clock", timezones.clock)
register.filter("place", timezones.place)


@register.filter
def day(at: datetime, zone: str) -> str:
    """The day in a zone, as in "Monday 23 November 2026"."""
    return date_format(at.astimezone(timezones.named(zone)), "l j F Y")


@register.filter
def lengths(days: list[Day]) -> str:
    """The lengths of the slots on some days, as in "45 minutes", or "30 to 45 minutes"."""
    minutes = {slot.minutes for day in days for slot in day.slots}
    return f"{' to '.join(map(str, sorted({min(minutes), max(minutes)})))} minutes"
