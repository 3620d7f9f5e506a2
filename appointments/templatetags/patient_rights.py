"""The patient's erasure request and the legal holds, on the appointment's page in the admin."""

from typing import Any

from django import template

from appointments.governance.permissions import ERASE, HOLD
from appointments.models import Appointment

register = template.Library()


@register.inclusion_tag("admin/appointments/privacy/_rights.html", takes_context=True)
def patient_rights(context: dict[str, Any], appointment: Appointment) -> dict[str, Any]:
    """For users who may erase or hold; empty for others."""
    user = context["request"].user
    may_erase, may_hold = user.has_perm(ERASE), user.has_perm(HOLD)
    if not (may_erase or may_hold):
        return {}
    return {
        "appointment": appointment,
        "asked": appointment.erasure_requests.waiting().first(),
        "holds": appointment.legal_holds.lasting().select_related("placed_by"),
        "may_erase": may_erase,
        "may_hold": may_hold,
        "csrf_token": context.get("csrf_token"),
    }
