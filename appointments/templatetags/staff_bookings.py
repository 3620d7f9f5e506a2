"""The bookings' part of the admin's first page, and filters for its screens. The first page names no patient."""

import re
from typing import Any

from django import template

from appointments.desk import worklists
from appointments.governance.permissions import ADD, VIEW
from appointments.models import Clinician

register = template.Library()


@register.simple_tag(takes_context=True)
def bookings_desk(context: dict[str, Any]) -> dict[str, Any]:
    """The worklists of the signed-in user, each with its number of appointments, and links to the other screens."""
    user = context["request"].user
    if not user.has_perm(VIEW):
        return {}
    counts = dict(worklists.counts(user))
    return {
        "today": counts.pop(worklists.BY_KEY["today"]),
        "waits": [(worklist, count) for worklist, count in counts.items() if count],
        "may_book": user.has_perm(ADD),
        "may_close": user.has_perm("appointments.add_closure"),
        "may_have_feed": Clinician.objects.filter(user=user).exists(),
    }


@register.simple_tag(takes_context=True)
def clinicians_without_times(context: dict[str, Any]) -> list[Clinician]:
    """Clinicians whose slots could not be made, for users who may change clinicians."""
    may_see = context["request"].user.has_perm("appointments.change_clinician")
    return list(Clinician.objects.without_times()) if may_see else []


@register.filter
def dialled(number: str) -> str:
    """The number to dial, for text that is one telephone number; empty for anything else, such as two numbers."""
    if not re.fullmatch(r"\+?[0-9 ().-]{5,}", number):
        return ""
    from_abroad = number.replace("(0)", "") if number.startswith("+") else number
    return re.sub(r"[^+0-9]", "", from_abroad)
