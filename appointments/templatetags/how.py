"""Where an appointment is, for the one sentence that says how it happens (`appointments/_how.txt`)."""

from django import template

from appointments import calendars

register = template.Library()
register.filter("where", calendars.where)
