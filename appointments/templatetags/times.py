"""Times as patients read them, in the zone that they read them in."""

import zoneinfo
from datetime import datetime

from django import template
from django.utils.formats import date_format

from appointments import timezones

register = template.Library()
register.filter("clock", timezones.clock)
register.filter("place", timezones.place)


@register.filter
def day(at: datetime, zone: str) -> str:
    """The day in a zone, as in "Monday 23 November 2026"."""
    return date_format(at.astimezone(zoneinfo.ZoneInfo(zone)), "l j F Y")
