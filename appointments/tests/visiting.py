"""A patient's browser, on their own pages."""

from django.test import Client
from django.urls import reverse

from appointments import access
from appointments.models import Appointment


def url(name: str, *args: object) -> str:
    return reverse(f"patient:{name}", args=args)


def come_in(appointment: Appointment, **options) -> Client:
    client = Client(**options)
    response = client.post(url("open"), {"token": access.make_link(appointment)})
    assert (response.status_code, response["Location"]) == (302, url("home"))
    return client
