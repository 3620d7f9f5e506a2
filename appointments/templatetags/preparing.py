"""What the pages of a patient's preparation ask of their rows, and where they lead."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils import timezone

from appointments.models import PreparationTask

register = template.Library()


@register.filter
def patient_page(tool: str, action: str = "") -> str:
    """The name of a tool's page, for `url`: of its list, or of what can be done about it."""
    return f"patient:{tool}_{action}" if action else f"patient:{tool}"


@register.filter
def is_soon(task: PreparationTask) -> bool:
    """Whether the day by which it should be done is here, or has gone."""
    return task.due <= timezone.localdate()


@register.filter
def any_unreviewed(tasks: Iterable[PreparationTask]) -> bool:
    """Whether the words of a task have not been checked by a clinician."""
    return not all(task.is_reviewed for task in tasks)


@register.filter
def at_key(mapping: Mapping[str, str], key: str) -> str:
    return mapping.get(key, "")
