"""The screen on which a clinician gets the private address of their calendar, and on which it is revoked."""

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST, require_safe

from appointments.desk import calendar_feed
from appointments.governance.screens import screen
from appointments.models import Clinician

CHANGE_CLINICIAN = "appointments.change_clinician"


def feed_urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("feed/", site.admin_view(feed), name="appointments_feed"),
        path("feed/renew/", site.admin_view(renew), name="appointments_feed_renew"),
        path("feed/<int:pk>/revoke/", site.admin_view(revoke), name="appointments_feed_revoke"),
    ]


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    return _screen(request)


def _screen(request: HttpRequest, secret: str = "") -> HttpResponse:
    own = Clinician.objects.filter(user=request.user).first()
    may_end_others = request.user.has_perm(CHANGE_CLINICIAN)
    if not own and not may_end_others:
        raise PermissionDenied
    others = Clinician.objects.exclude(feed_digest="") if may_end_others else Clinician.objects.none()
    address = secret and settings.SITE_URL + reverse("calendar_feed:feed", args=[secret])
    return screen(request, "desk/feed.html", clinician=own, others=others.exclude(pk=own and own.pk), address=address)


@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """Only the clinician may renew the address, which is shown this once."""
    own = get_object_or_404(Clinician, user=request.user)
    return _screen(request, calendar_feed.renew(clinician=own, by=request.user))


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    clinicians = Clinician.objects.all()
    if not request.user.has_perm(CHANGE_CLINICIAN):
        clinicians = clinicians.filter(user=request.user)
    clinician = get_object_or_404(clinicians, pk=pk)
    calendar_feed.revoke(clinician=clinician, by=request.user)
    messages.success(request, f"The calendar address of {clinician} has ended.")
    return redirect("admin:appointments_feed")
