"""The address that a clinician's calendar program asks."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from appointments import feeds
from calcsite import limits

ASKED = 120  # times an hour, by one network address: a clinic shares one


def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """GET only. Every refusal looks alike, and none is logged with the secret in it."""
    answer = _answer(request, secret)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # or Django logs a refusal with its address (django.utils.log.log_response)
    return answer


def _answer(request: HttpRequest, secret: str) -> HttpResponse:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    address, hour = limits.client_address(request), timedelta(hours=1)
    if not limits.allow(scope="calendar feed", key=address, limit=ASKED, per=hour):
        return HttpResponse("Too many requests. Try again in an hour.", status=429, content_type="text/plain")
    clinician = feeds.find(secret)
    if clinician is None:
        return HttpResponse("There is no calendar at this address.", status=404, content_type="text/plain")
    return HttpResponse(feeds.calendar_of(clinician), content_type="text/calendar; charset=utf-8")
