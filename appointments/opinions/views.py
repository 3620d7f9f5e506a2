"""A patient's written opinion: the newest version that was released, and those before it."""

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
    """A released version, the newest without a number. Before there is one: how far it is."""
    versions = list(appointment.opinions.released().defer("findings", "first_opinion", "our_opinion", "next_steps"))
    if number and number not in {version.number for version in versions}:
        raise Http404
    if not versions:
        return _not_yet(request, appointment)
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


def _not_yet(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    latest = appointment.opinions.first()
    context = {"appointment": appointment, "is_over": not appointment.is_coming(), "stage": latest and latest.status}
    return render(request, "appointments/opinions/not_yet.html", context)
