"""The first page of the admin: what the bookings need from the person who looks at it. It names no patient."""

from typing import Any

from django import template

from appointments import worklists
from appointments.models import Clinician
from appointments.staff import VIEW

register = template.Library()


@register.inclusion_tag("admin/appointments/_bookings.html", takes_context=True)
def staff_bookings(context: dict[str, Any]) -> dict[str, Any]:
    """The worklists of the person who is signed in, each with how many are on it; nothing for others."""
    user = context["request"].user
    if not user.has_perm(VIEW):
        return {}
    return {"counts": worklists.counts(user), "may_have_feed": Clinician.objects.filter(user=user).exists()}
