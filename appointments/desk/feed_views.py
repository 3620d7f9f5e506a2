"""The addresses that calendar programs fetch: feeds of clinicians, and of patients with a recovery plan."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from appointments.desk import calendar_feed
from appointments.recovery import calendar_feed as plans
from calcsite.security import limits

ASKED = 120  # times an hour, by one network address: a clinic shares one


def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """A clinician's appointments."""
    return _guarded(request, secret, calendar_feed.find, calendar_feed.calendar_of)


def recovery_feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The days of a recovery plan."""
    return _guarded(request, secret, plans.find, plans.calendar_of)


def _guarded(request: HttpRequest, secret: str, find: Callable, calendar_of: Callable[[Any], bytes]) -> HttpResponse:
    """GET only. Every refusal looks alike, and none is logged with the secret in it."""
    answer = _answer(request, secret, find, calendar_of)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # or Django logs a refusal with its address (django.utils.log.log_response)
    return answer


def _answer(request: HttpRequest, secret: str, find: Callable, calendar_of: Callable[[Any], bytes]) -> HttpResponse:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    address, hour = limits.client_address(request), timedelta(hours=1)
    if not limits.allow(scope="calendar feed", key=address, limit=ASKED, per=hour):
        return HttpResponse("Too many requests. Try again in an hour.", status=429, content_type="text/plain")
    owner = find(secret)
    if owner is None:
        return HttpResponse("There is no calendar at this address.", status=404, content_type="text/plain")
    return HttpResponse(calendar_of(owner), content_type="text/calendar; charset=utf-8")
