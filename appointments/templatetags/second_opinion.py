"""Invitations to second opinions on the pages of other apps."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("appointments/booking/_second_opinion_call.html", takes_context=True)
def second_opinion_call(context: dict[str, Any], slug: str) -> dict[str, Any]:
    """An invitation to get a second opinion about the condition with this slug."""
    return {"slug": slug, "clinic": context["clinic"]}


@register.inclusion_tag("appointments/booking/_appointment_call.html", takes_context=True)
def appointment_call(context: dict[str, Any], slug: str) -> dict[str, Any]:
    """An invitation to book an appointment about the condition with this slug."""
    return {"slug": slug, "clinic": context["clinic"]}


@register.inclusion_tag("appointments/guidance/_before_and_after.html")
def before_and_after(slug: str) -> dict[str, Any]:
    """Links to the checklist and the guidance of the condition with this slug.

    It shows none of their text, which the reviewers of the condition's page have not approved.
    """
    return {"slug": slug}
