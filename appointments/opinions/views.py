"""The patient's page of their written opinion: the newest released version, and the older ones."""

import logging

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.access.decorators import with_code
from appointments.models import Appointment, Opinion

logger = logging.getLogger(__name__)


@require_safe
@with_code
def opinion(request: HttpRequest, appointment: Appointment, number: int = 0) -> HttpResponse:
    """A released version, the newest one without a number. Before the first release, the stage of the opinion."""
    versions = list(appointment.opinions.released().defer("findings", "first_opinion", "our_opinion", "next_steps"))
    if number and number not in {version.number for version in versions}:
        raise Http404
    if not versions:
        latest = appointment.opinions.first()
        context = {"appointment": appointment, "is_over": not appointment.is_coming()}
        context["stage"] = latest and latest.status
        return render(request, "appointments/opinions/not_yet.html", context)
    shown = next(version for version in versions if number in {0, version.number})
    if not shown.is_intact:
        logger.error("opinion %s no longer says what was signed", shown.pk)
        return render(request, "appointments/opinions/withheld.html", status=500)
    return render(request, "appointments/opinions/opinion.html", _context(shown, versions))


def _context(shown: Opinion, versions: list[Opinion]) -> dict[str, object]:
    return {
        "opinion": shown,
        "content": shown.content,
        "newest": versions[0],
        "before": [version for version in versions if version.number < shown.number],
        "others": [version for version in versions if version.number != shown.number],
    }
