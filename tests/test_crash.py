"""Two hundred people book while web processes, the worker and the database are killed under their hands."""

import json
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlencode

from postgres import DURABLE, Cluster, running_cluster
from tests.plainhttp import Answer, fetch, hidden_fields
from tests.running import HOST, Program, Site, environment_of, free_port, wait_until_ready, web_process
from tests.smtpsink import ACCEPTED, WHOLE, HangUp, Sink, mail_server

PATIENTS, AT_ONCE, PATIENCE = 200, 8, 120
BOOKING = "/second-opinion/book/"
# Everybody has answered everything; every second one has a time, the others choose it while things go wrong.
PREPARE = f"""
import json
from datetime import time, timedelta
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from appointments import booking, drafts
from appointments.availability import make_slots_ahead
from appointments.kinds import Mode
from appointments.models import Slot
from appointments.tests.factories import make_clinician, make_hours, make_type
from appointments.tests.journeys import ANSWERS
call_command("migrate", verbosity=0)
call_command("createcachetable")
kind, found = make_type(slug="second-opinion"), []
with transaction.atomic():
    last = timezone.localdate() + timedelta(days=10)
    for clinician in [make_clinician() for _ in range(4)]:
        for weekday in range(7):
            make_hours(clinician=clinician, types=[kind], weekday=weekday, ends=time(17), valid_until=last)
    make_slots_ahead()
    soon = timezone.now() + timedelta(days=2)
    slots = Slot.objects.filter(starts__gt=soon).order_by("starts")[:{PATIENTS}]
    for number, slot in enumerate(slots):
        draft, secret = drafts.start()
        email = f"patient-{{number}}@home.example"
        draft.answers = ANSWERS | {{"you": ANSWERS["you"] | {{"email": email}}}}
        draft.save()
        if number % 2:
            booking.hold(draft=draft, slot=slot, kind=kind, mode=Mode.VIDEO)
        found.append([email, secret, str(slot.pk)])
print("Patients:", json.dumps(found))
"""
# The leases of workers that died end, and a last worker does what is left. What a killed one had in hand is said.
SETTLE = """
import json
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from post_office.models import Attachment, Email, STATUS
from appointments.models import Appointment, AuditEntry, Draft, Message
in_hand = Email.objects.filter(status=STATUS.queued, scheduled_time__gt=timezone.now())
print("In hand:", json.dumps([email.to[0] for email in in_hand]))
in_hand.update(scheduled_time=None)
for _ in range(5):
    call_command("tick")
# What there is then, and what of it is not whole.
booked = Appointment.objects.booked()
confirmations = Message.objects.filter(kind="confirmation")
def whole(appointment):
    mine = confirmations.filter(appointment=appointment)
    written = AuditEntry.objects.filter(appointment=appointment, action="booked").count()
    emails = [message.email and [message.email.to[0], message.email.status] for message in mine]
    draft = Draft.objects.filter(appointment=appointment).values_list("answers", flat=True)
    return emails == [[appointment.email, STATUS.sent]] and written == 1 and list(draft) == [{}]
facts = {
    "booked": {found.email: found.spoken_reference for found in booked},
    "appointments": Appointment.objects.count(),
    "half": [found.email for found in booked if not whole(found)],
    "confirmations": confirmations.count(),
    "mail": Email.objects.count(),
    "lost files": [file.name for file in Attachment.objects.all() if not file.file.storage.exists(file.file.name)],
    "integrity": "ok",
}
if connection.vendor == "sqlite":
    with connection.cursor() as cursor:
        facts["integrity"] = cursor.execute("PRAGMA integrity_check").fetchone()[0]
print("Facts:", json.dumps(facts))
"""


@dataclass
class Patient:
    """Somebody's browser. Whoever gets no answer looks at the page again, from the other process, and presses on."""

    sites: list[Site]
    number: int
    email: str
    secret: str
    slot: str
    cookies: dict[str, str] = field(default_factory=dict)
    seen: Counter = field(default_factory=Counter)

    def book(self) -> str:
        """Until there is a confirmation. Returns its reference."""
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
        """Look at where the booking is, and do what the page asks for. The reference, when it is a confirmation."""
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
        """Press the button of a page. Every tenth one loses the connection before they are told that it is booked."""
        if page.status >= 500:
            return
        fields |= {"csrfmiddlewaretoken": hidden_fields(page.text)["csrfmiddlewaretoken"]}
        if path == "check/" and self.number % 10 == 0 and not self.seen["hung up"]:
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
        connection = HTTPConnection(HOST, self.sites[0].port, timeout=30)
        headers = self.headers() | {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"{BOOKING}{path}", body=urlencode(form), headers=headers)
        connection.close()


class Worker:
    """`manage.py worker`, killed and started again in the middle of what it does."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.program: Program | None = None
        self.kills_by_mail = [(20, WHOLE), (40, ACCEPTED), (60, WHOLE), (80, ACCEPTED)]
        self.sent, self.kills = 0, 0

    def start(self, site: Site) -> None:
        self.program = Program(site, "manage.py", "worker", "--pause", "0.1")

    def kill(self) -> None:
        with self.lock:
            self.kills += 1
            self.program.restart()

    def wait_until_killed_as_planned(self) -> None:
        until = time.monotonic() + PATIENCE
        while self.kills_by_mail and time.monotonic() < until:
            time.sleep(0.05)

    def trouble(self, stage: str, recipient: str) -> None:
        """The worker is killed while the mail server has a message: before it is accepted, and before that is told."""
        self.sent += stage == ACCEPTED
        if self.kills_by_mail and self.sent >= self.kills_by_mail[0][0] and stage == self.kills_by_mail[0][1]:
            self.kills_by_mail.pop(0)
            self.kill()
            raise HangUp


@contextmanager
def durable_database() -> Iterator[Cluster | None]:
    """A database of the test's own on a server that can be killed; none where the suite runs on SQLite."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        with running_cluster(DURABLE) as cluster:
            yield cluster
    else:
        yield None


def two_sites(home: Path, static: Path, cluster: Cluster | None, sink: Sink) -> list[Site]:
    """The site twice, on one database, with a mail server, behind a proxy that says where visitors come from."""
    (home / "static").symlink_to(static)
    first = Site(url=f"http://{HOST}:{free_port()}", environment={}, log=home / "first.log")
    database = {"DATABASE_URL": cluster.url} if cluster else {}
    mail = {"EMAIL_URL": f"smtp://{HOST}:{sink.port}", "BEHIND_PROXY": "true"}
    first.environment = environment_of(home, first.url) | database | mail
    return [first, replace(first, url=f"http://{HOST}:{free_port()}", log=home / "second.log")]


def kill_while(bookings: list[Future], victims: list[Callable[[], None]]) -> None:
    """Kill one after the other, each at a random moment while patients book."""
    random.shuffle(victims)
    moments = sorted(random.sample(range(5, PATIENTS - 10), len(victims)))
    for moment, kill in zip(moments, victims, strict=True):
        while sum(booking.done() for booking in bookings) < moment:
            time.sleep(0.01)
        time.sleep(random.random() / 20)
        kill()


def said(output: str, name: str) -> object:
    return json.loads(re.search(f"^{name}: (.*)", output, re.MULTILINE)[1])


def test_who_saw_a_confirmation_has_an_appointment_and_one_message_whatever_was_killed(tmp_path, static_files):
    worker = Worker()
    with durable_database() as cluster, mail_server(worker.trouble) as sink:
        sites = two_sites(tmp_path, static_files, cluster, sink)
        found = said(sites[0].run("-c", PREPARE), "Patients")
        patients = [Patient(sites[:: 1 if number % 4 < 2 else -1], number, *who) for number, who in enumerate(found)]
        shown = book_under_fire(sites, patients, worker, cluster)
        settled = sites[0].run("-c", SETTLE)
    in_hand = said(settled, "In hand")
    assert said(settled, "Facts") == {
        "booked": shown,
        "appointments": PATIENTS,
        "half": [],
        "confirmations": PATIENTS,
        "mail": PATIENTS,
        "lost files": [],
        "integrity": "ok",
    }
    seen = sum((patient.seen for patient in patients), Counter())
    assert set(seen) == {"hung up", "no answer"} | ({"503"} if cluster else set())
    assert seen["hung up"] == PATIENTS / 10
    copies = Counter(sink.recipients)
    twice = {recipient for recipient, count in copies.items() if count > 1}
    assert set(copies) == set(shown)
    assert len(sink.received) == PATIENTS + len(twice)
    # Only what a worker had in hand when it was killed may come again, and is plainly the same message.
    assert len(twice) >= 2
    assert twice <= set(in_hand)
    assert len(in_hand) <= worker.kills + 1 + bool(cluster)  # one more was stopped at the end
    assert all(len({message["Message-ID"] for message in sink.to(recipient)}) == 1 for recipient in twice)
    print(seen, len(twice), in_hand, worker.kills)


def book_under_fire(
    sites: list[Site], patients: list[Patient], worker: Worker, cluster: Cluster | None
) -> dict[str, str]:
    """Which reference each patient was shown at the end."""
    webs = [web_process(site) for site in sites]
    try:
        worker.start(sites[0])
        for site, web in zip(sites, webs, strict=True):
            wait_until_ready(site, "/readyz", web.process)
        victims = [again for web in webs for again in [web.restart] * 2] + [worker.kill] * 2
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bookings = [pool.submit(patient.book) for patient in patients]
            kill_while(bookings, victims + ([cluster.crash] if cluster else []))
        worker.wait_until_killed_as_planned()
        return {patient.email: booking.result() for patient, booking in zip(patients, bookings, strict=True)}
    finally:
        for program in [*webs, worker.program]:
            program.stop()
