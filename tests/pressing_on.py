"""Patients who book over HTTP, and retry after every failure."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from tests.plainhttp import Answer, fetch, hidden_fields
from tests.running import HOST, Site, environment_of, free_port

BOOKING, PATIENCE = "/second-opinion/book/", 120
# Every patient has answered all questions; every second one has a time, the others choose it during the failures.
PREPARE = """
import json
import sys
from datetime import time, timedelta
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from appointments.booking import booking, drafts, steps
from appointments.choices import Mode
from appointments.models import Slot
from appointments.scheduling.slot_sync import make_slots_ahead
from appointments.tests.factories import make_clinician, make_hours, make_type
from appointments.tests.clients import ANSWERS
call_command("migrate", verbosity=0)
call_command("createcachetable")
appointment_type, found = make_type(slug="second-opinion"), []
with transaction.atomic():
    last = timezone.localdate() + timedelta(days=10)
    for clinician in [make_clinician() for _ in range(4)]:
        for weekday in range(7):
            make_hours(clinician=clinician, types=[appointment_type], weekday=weekday, ends=time(17), valid_until=last)
    make_slots_ahead()
    soon = timezone.now() + timedelta(days=2)
    slots = Slot.objects.filter(starts__gt=soon).order_by("starts")
    for number, (email, slot) in enumerate(zip(sys.argv[1:], slots)):
        draft, secret = drafts.start()
        for name, typed in (ANSWERS | {"you": ANSWERS["you"] | {"email": email}}).items():
            step = steps.STEPS.get(name)
            form = step and steps.form_of(step, draft, typed)
            if form and form.is_valid():
                steps.answer(draft=draft, step=step, form=form)
                draft.refresh_from_db()
        if number % 2:
            booking.hold(draft=draft, slot=slot, appointment_type=appointment_type, mode=Mode.VIDEO)
        found.append([email, secret, str(slot.pk)])
print("Patients:", json.dumps(found))
"""


@dataclass
class Patient:
    """A patient's browser, which reloads the page from the other process after a failed request, and goes on."""

    sites: list[Site]
    number: int
    email: str
    secret: str
    slot: str
    hangs_up: bool = False  # once, before the confirmation
    cookies: dict[str, str] = field(default_factory=dict)
    seen: Counter = field(default_factory=Counter)

    def book(self) -> str:
        """Book until there is a confirmation. Returns its reference."""
        until = time.monotonic() + PATIENCE
        self.cookies["booking"] = self.secret
        while time.monotonic() < until:
            try:
                reference = self.press_on()
            except (OSError, HTTPException):
                self.wait_because("no answer")
            else:
                if reference:
                    return reference
        raise AssertionError(f"{self.email} has no confirmation: {self.seen}")

    def press_on(self) -> str:
        """Read the state of the booking, and take its next step. Returns the reference if it is confirmed."""
        page = self.ask("check/")
        where = page.headers.get("Location", "").removeprefix(BOOKING)
        if page.status >= 500:
            self.wait_because(str(page.status))
        elif where == "done/":
            return self.confirmation()
        elif where == "time/":
            self.send(self.ask("time/"), "time/", {"slot": self.slot, "zone": "Europe/London"})
        else:
            assert (page.status, self.email in page.text) == (200, True), f"{where} instead of the answers"
            self.send(page, "check/", {})
        return ""

    def wait_because(self, reason: str) -> None:
        self.seen[reason] += 1
        self.sites.reverse()
        time.sleep(0.1)

    def send(self, page: Answer, path: str, fields: dict[str, str]) -> None:
        """Submit the form of a page."""
        if page.status >= 500:
            return
        fields |= {"csrfmiddlewaretoken": hidden_fields(page.text)["csrfmiddlewaretoken"]}
        if path == "check/" and self.hangs_up and not self.seen["hung up"]:
            self.seen["hung up"] += 1
            self.send_and_hang_up(path, fields)
        else:
            status = self.ask(path, fields).status
            assert status == 302 or status >= 500, f"{status} for {path}"

    def confirmation(self) -> str:
        page = self.ask("done/")
        found = re.search(r'class="reference">(.*?)<', page.text)
        assert page.status >= 500 or found, f"{page.status} instead of a confirmation"
        return found[1] if found else ""

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"X-Forwarded-For": f"10.{self.number}.0.1", "Cookie": cookies}

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        answer = fetch(self.sites[0], f"{BOOKING}{path}", headers=self.headers(), form=form)
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def send_and_hang_up(self, path: str, form: dict[str, str]) -> None:
        connection = HTTPConnection(HOST, self.sites[0].port, timeout=PATIENCE)
        headers = self.headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{BOOKING}{path}", body=urlencode(form), headers=headers)
        connection.close()


def two_sites(home: Path, static: Path, settings: dict[str, str]) -> list[Site]:
    """The site twice, on one database, behind a proxy that sends the address of visitors. Neither is running yet."""
    (home / "static").symlink_to(static)
    first = Site(url=f"http://{HOST}:{free_port()}", environment={}, log=home / "first.log")
    first.environment = environment_of(home, first.url) | settings | {"BEHIND_PROXY": "true"}
    return [first, replace(first, url=f"http://{HOST}:{free_port()}", log=home / "second.log")]


def come(sites: list[Site], emails: list[str]) -> list[Patient]:
    """Make the database, and a patient for each address. They use either web process."""
    found = said(sites[0].run("-c", PREPARE, *emails), "Patients")
    return [Patient(sites[:: 1 if number % 4 < 2 else -1], number, *who) for number, who in enumerate(found)]


def wait_until(reached: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


def said(output: str, name: str) -> object:
    return json.loads(re.search(f"^{name}: (.*)", output, re.MULTILINE)[1])
