"""The place of an appointment, for the sentence about how it takes place (`appointments/booking/_how.txt`)."""

from django import template

from appointments.scheduling import local_times

register = template.Library()
register.filter("where", local_times.where)
