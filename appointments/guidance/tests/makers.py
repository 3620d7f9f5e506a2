"""Items of the checklist and the guidance, and recovery plans with copies, for tests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from appointments.choices import Tool, Treatment
from appointments.models import ChecklistItem, PlanGuidance, RecoveryGuidance, RecoveryPlan
from appointments.tests.factories import make_appointment
from calcsite.tests import people

OLD, NEW = "Eat nothing for a day.", "Eat nothing for six hours."


def make_item(**fields: Any) -> ChecklistItem:
    defaults = {"title": "Get ready for tests", "text": OLD, "tool": Tool.TESTS, "days_before": 2}
    return ChecklistItem.objects.create(**defaults | fields)


def make_guidance(**fields: Any) -> RecoveryGuidance:
    return RecoveryGuidance.objects.create(**{"title": "Rest", "text": OLD} | fields)


def make_plan_copy(source: RecoveryGuidance, **plan: Any) -> PlanGuidance:
    """A copy of some guidance in a plan that has not ended."""
    if "appointment" not in plan:
        plan["appointment"] = make_appointment()
    who = {"started_by": people.make_person(), "telephone": "01632 960 000", "seek_help": "Fever"}
    defaults = {"treatment": Treatment.OPERATION, "first_day": timezone.localdate() - timedelta(days=3)}
    made = RecoveryPlan.objects.create(**who | defaults | plan)
    words = {"title": source.title, "text": source.text, "version": source.version}
    return PlanGuidance.objects.create(plan=made, source=source, **words)
