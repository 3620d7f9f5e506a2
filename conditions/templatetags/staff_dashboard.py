"""The editors' part of the admin's first page: the reports of the user's desk."""

from typing import Any

from django import template
from django.utils import timezone

from conditions import reports

register = template.Library()

ROWS_PER_REPORT = 5


@register.simple_tag(takes_context=True)
def pages_desk(context: dict[str, Any]) -> dict[str, Any]:
    """The reports and charts of the signed-in user's desk, in order."""
    user, today = context["request"].user, timezone.localdate()
    found = reports.found_for(user, reports.FIRST_PAGE, on=today, most=ROWS_PER_REPORT)
    return {
        "found": [each for each in found if each.total],
        "charts": reports.charts_for(user, today),
        "may_edit": user.has_perms(["conditions.add_condition", "conditions.change_condition"]),
        "sees_reports": any(reports.may_see(user, report) for report in reports.REPORTS),
    }
