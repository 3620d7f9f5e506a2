"""Where an appointment is, for the one sentence that says how it happens (`appointments/booking/_how.txt`)."""

from django import template

from appointments.scheduling import local_times

register = template.Library()
register.filter("where", local_times.where)
