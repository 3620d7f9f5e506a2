"""Dates in a signed opinion, which is kept as data."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def spelt_out(iso: str) -> str:
    """A day, or the day of a time in the clinic's zone: “2026-11-21” as “21 November 2026”."""
    at = datetime.fromisoformat(iso)
    return date_format(timezone.localtime(at) if at.tzinfo else at, "j F Y")
