"""Filters for the pages of a patient's preparation, and their links."""

from collections.abc import Iterable, Mapping

from django import template
from django.utils import timezone

from appointments.models import PreparationTask

register = template.Library()


@register.filter
def patient_page(tool: str, action: str = "") -> str:
    """The name of a tool's page for `url`: its list, or one of the list's actions."""
    return f"patient:{tool}_{action}" if action else f"patient:{tool}"


@register.filter
def is_soon(task: PreparationTask) -> bool:
    """Whether the day by which it should be done is today or past."""
    return task.due <= timezone.localdate()


@register.filter
def any_unreviewed(tasks: Iterable[PreparationTask]) -> bool:
    """Whether the text of a task has not been approved by a clinician."""
    return not all(task.is_reviewed for task in tasks)


@register.filter
def at_key(mapping: Mapping[str, str], key: str) -> str:
    return mapping.get(key, "")
