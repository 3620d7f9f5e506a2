"""What the pages of other apps show about second opinions."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("appointments/booking/_second_opinion_call.html", takes_context=True)
def second_opinion_call(context: dict[str, Any], slug: str) -> dict[str, Any]:
    """An invitation to get a second opinion about the condition with this address."""
    return {"slug": slug, "clinic": context["clinic"]}


@register.inclusion_tag("appointments/booking/_appointment_call.html", takes_context=True)
def appointment_call(context: dict[str, Any], slug: str) -> dict[str, Any]:
    """An invitation to book an appointment about the condition with this address."""
    return {"slug": slug, "clinic": context["clinic"]}


@register.inclusion_tag("appointments/guidance/_before_and_after.html")
def before_and_after(slug: str) -> dict[str, Any]:
    """The way to the checklist and the guidance of the condition with this address.

    It shows none of their words: who reviewed a condition's page has not reviewed them.
    """
    return {"slug": slug}
