"""A patient's browser: on the way of a booking, and on the patient's own pages."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from appointments.access import links
from appointments.access.decorators import CODE
from appointments.models import Appointment, Slot


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


BOOK = "/second-opinion/book/"


ANSWERS: dict[str, dict[str, str]] = {
    "about": {"condition": "not-sure"},
    "how": {"mode": "video", "clinician": ""},
    "time": {"zone": "Europe/London"},
    "who": {"booked_by": "patient"},
    "you": {
        "name": "Kim Example",
        "date_of_birth_day": "31",
        "date_of_birth_month": "3",
        "date_of_birth_year": "1980",
        "email": "kim@home.example",
        "telephone": "01632 960 001",
    },
    "needs": {},
    "why": {"reason": "What does the report mean?"},
    "consent": {"consent_version": "2026-11", "agree": "on"},
    "check": {},
}


def answer(client: Client, step: str, **answers: Any) -> HttpResponse:
    """Submit one page. Missing answers are the common ones, and the time is the first one on the page."""
    if step == "time" and "slot" not in answers:
        answers["slot"] = slots_on(client.get(f"{BOOK}time/"))[0]
    return seen(client, client.post(f"{BOOK}{step}/", ANSWERS[step] | answers))


def seen(client: Client, sent: HttpResponse) -> HttpResponse:
    """The page after a refused submission, as a browser shows it; the response itself after an accepted one."""
    where = sent.headers.get("Location", "")
    is_refused = where.partition("?")[0] in {sent.request["PATH_INFO"], f"{BOOK}too-many/"}
    return client.get(where) if is_refused else sent


def come_to(client: Client, step: str, **answers: dict[str, Any]) -> None:
    """Answer every page before this one; `answers` overrides the answers of single pages, by their name."""
    for name in list(ANSWERS)[: list(ANSWERS).index(step)]:
        response = answer(client, name, **answers.get(name, {}))
        assert response.status_code == 302, f"{name} was refused"


def book(client: Client, **answers: dict[str, Any]) -> HttpResponse:
    """Book from the first page on; returns the response to the last button."""
    come_to(client, "check", **answers)
    return answer(client, "check")


def slots_on(response: HttpResponse) -> list[str]:
    """The times on a page, in its order, the first available one first."""
    return re.findall(r'name="slot"\s+value="(\d+)"', response.content.decode())


def title_of(response: HttpResponse) -> str:
    return re.search(r"<title>(.*?) –", response.content.decode(), re.DOTALL)[1].strip()


def problems(response: HttpResponse) -> str:
    """The texts of the error summary, or the notice that a time has gone."""
    found = re.search(r'role="alert".*?</div>', response.content.decode(), re.DOTALL)
    return " ".join(re.sub("<[^>]*>", " ", found[0].partition(">")[2]).split()) if found else ""


def free(slot: Slot) -> bool:
    return Slot.objects.free().filter(pk=slot.pk).exists()
