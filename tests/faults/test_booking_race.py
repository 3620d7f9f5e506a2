"""Fifty patients choose one time at two web processes at once: one gets it, the others are offered other times."""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from tests.plainhttp import Answer, fetch, hidden_fields
from tests.running import HOST, Site, free_port, new_site, serving

CLIENTS, ROUNDS = 50, 20
BOOKING = "/second-opinion/book/"
COUNT = """
import django
django.setup()
from appointments.models import Appointment
print("Held:", *sorted(Appointment.objects.values_list("slot", flat=True)))
"""


@dataclass
class Patient:
    """A patient's browser, at one of the two processes, from an IP address of its own."""

    site: Site
    address: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, path: str, form: dict[str, str] | None = None) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"X-Forwarded-For": self.address} | ({"Cookie": cookies} if cookies else {})
        if form is not None:
            form = {"csrfmiddlewaretoken": self.token} | form
        answer = fetch(self.site, path, headers=headers, form=form)
        for header in answer.headers.get_all("Set-Cookie", []):
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def come_to_the_times(self) -> Answer:
        """Answer the pages before the choice of a time."""
        self.token = hidden_fields(self.ask(f"{BOOKING}about/").text)["csrfmiddlewaretoken"]
        assert self.ask(f"{BOOKING}about/", {"condition": "not-sure"}).status == 302
        assert self.ask(f"{BOOKING}how/", {"mode": "video", "clinician": ""}).status == 302
        return self.ask(f"{BOOKING}time/")


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory, static_files) -> Iterator[list[Site]]:
    """The site twice, on one database, behind a proxy that sends the address of visitors."""
    home = tmp_path_factory.mktemp("race")
    with new_site(home, static_files, BEHIND_PROXY="true") as first:
        second = replace(first, url=f"http://{HOST}:{free_port()}", log=home / "second.log")
        with serving(first, "/readyz"), serving(second, "/readyz"):
            yield [first, second]
        assert [*first.errors(), *second.errors()] == []


def slots_on(page: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'name="slot"[^>]*?value="(\d+)"|value="(\d+)"[^>]*?name="slot"', page)))


def test_one_of_fifty_patients_gets_a_time_and_the_others_are_offered_others(two_processes):
    count = CLIENTS + ROUNDS
    patients = [Patient(two_processes[number % 2], f"10.{number}.0.1") for number in range(count)]
    with ThreadPoolExecutor(10) as pool:
        pages = list(pool.map(Patient.come_to_the_times, patients))
    slots = ["".join(found) for found in slots_on(pages[0].text)][:ROUNDS]
    assert len(slots) == ROUNDS
    waiting, won = patients, []
    for slot in slots:
        outcomes = choose_at_once(waiting[:CLIENTS], slot)
        refused = [number for number, answer in outcomes.items() if "refused=yes" in answer.headers["Location"]]
        assert (Counter(answer.status for answer in outcomes.values()), len(refused)) == ({302: CLIENTS}, CLIENTS - 1)
        for page in led_to([(waiting[number], outcomes[number]) for number in refused]):
            assert "That time has gone" in page
            others = {"".join(found) for found in slots_on(page)}
            assert others
            assert slot not in others
        won += [waiting[number] for number in outcomes if number not in refused]
        waiting = [patient for patient in waiting if patient is not won[-1]]
    held = re.search(r"Held:(.*)", two_processes[0].run("-c", COUNT))[1].split()
    assert sorted(held, key=int) == sorted(slots, key=int)


def choose_at_once(patients: list[Patient], slot: str) -> dict[int, Answer]:
    start = threading.Barrier(len(patients))

    def choose(patient: Patient) -> Answer:
        start.wait()
        return patient.ask(f"{BOOKING}time/", {"slot": slot})

    with ThreadPoolExecutor(len(patients)) as pool:
        return dict(enumerate(pool.map(choose, patients)))


def led_to(redirected: list[tuple[Patient, Answer]]) -> list[str]:
    """The page that each comes to, a few at a time."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda one: one[0].ask(one[1].headers["Location"]).text, redirected))
