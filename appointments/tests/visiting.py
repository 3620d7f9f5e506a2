"""A patient's browser, on their own pages."""

import re

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.access import links
from appointments.access.decorators import CODE
from appointments.models import Appointment


def url(name: str, *args: object) -> str:
    return reverse(f"patient:{name}", args=args)


def come_in(appointment: Appointment, *, offered: bool = False, **options) -> Client:
    """Enter by a link; while an earlier time is `offered`, it leads to the offer."""
    client = Client(**options)
    response = client.post(url("open"), {"token": links.make_link(appointment)})
    assert (response.status_code, response["Location"]) == (302, url("offer" if offered else "home"))
    return client


def come_in_with_code(appointment: Appointment, **options) -> Client:
    """Enter by a link, and enter the code too."""
    client = come_in(appointment, **options)
    session = client.session
    session[CODE] = [session[links.SESSION], timezone.now().isoformat()]
    session.save()
    return client


def seen_in(page: HttpResponse) -> str:
    """The signed state in the form of a page (`calcsite.stale`)."""
    return re.search(r'name="seen" value="(.*?)"', page.text)[1]
