"""Where an appointment is, for the one sentence that says how it happens (`appointments/booking/_how.txt`)."""

from django import template

from appointments.booking import calendar_file

register = template.Library()
register.filter("where", calendar_file.where)
