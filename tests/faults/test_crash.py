"""Two hundred patients book while web processes, the worker and the database are killed."""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from postgres import DURABLE, Cluster, running_cluster
from tests.pressing_on import Patient, come, said, two_sites, wait_until
from tests.running import HOST, Program, Site, wait_until_ready, web_process
from tests.smtpsink import ACCEPTED, WHOLE, HangUp, mail_server

PATIENTS, AT_ONCE = 200, 8
# The leases of killed workers end, and a last worker finishes. Messages in the hands of a killed one are printed.
SETTLE = """
import json
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from appointments.models import Appointment, AuditEntry, Draft, Message
in_hand = Message.objects.filter(status="waiting", leased_until__gt=timezone.now())
print("In hand:", json.dumps([message.appointment.email for message in in_hand]))
in_hand.update(leased_until=None)
for _ in range(5):
    call_command("tick")
# What there is then, and what of it is not whole.
booked = Appointment.objects.booked()
confirmations = Message.objects.filter(kind="confirmation")
def whole(appointment):
    mine = confirmations.filter(appointment=appointment)
    written = AuditEntry.objects.filter(appointment=appointment, action="booked").count()
    draft = Draft.objects.filter(appointment=appointment).values_list("answers", flat=True)
    return [message.status for message in mine] == ["sent"] and written == 1 and list(draft) == [{}]
facts = {
    "booked": {found.email: found.spoken_reference for found in booked},
    "appointments": Appointment.objects.count(),
    "half": [found.email for found in booked if not whole(found)],
    "confirmations": confirmations.count(),
    "mail": Message.objects.filter(status="sent").count(),
    "integrity": "ok",
}
if connection.vendor == "sqlite":
    with connection.cursor() as cursor:
        facts["integrity"] = cursor.execute("PRAGMA integrity_check").fetchone()[0]
print("Facts:", json.dumps(facts))
"""


class Worker:
    """`manage.py worker`, killed and restarted in the middle of its work."""

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

    def trouble(self, stage: str, recipient: str) -> None:
        """Kill the worker while the mail server has a message: before it is accepted, and before the reply."""
        self.sent += stage == ACCEPTED
        if self.kills_by_mail and self.sent >= self.kills_by_mail[0][0] and stage == self.kills_by_mail[0][1]:
            self.kills_by_mail.pop(0)
            self.kill()
            raise HangUp


@contextmanager
def durable_database() -> Iterator[Cluster | None]:
    """A database of the test's own on a server that can be killed; None on SQLite."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        with running_cluster(DURABLE) as cluster:
            yield cluster
    else:
        yield None


def kill_while(bookings: list[Future], victims: list[Callable[[], None]]) -> None:
    """Kill one after the other, each at a random moment while patients book."""
    random.shuffle(victims)
    moments = sorted(random.sample(range(5, PATIENTS - 10), len(victims)))
    for moment, kill in zip(moments, victims, strict=True):
        while sum(booking.done() for booking in bookings) < moment:
            time.sleep(0.01)
        time.sleep(random.random() / 20)
        kill()


def test_each_confirmation_has_an_appointment_and_one_message_despite_kills(tmp_path, static_files):
    worker = Worker()
    with durable_database() as cluster, mail_server(worker.trouble) as sink:
        database = {"DATABASE_URL": cluster.url} if cluster else {}
        sites = two_sites(tmp_path, static_files, database | {"EMAIL_URL": f"smtp://{HOST}:{sink.port}"})
        patients = come(sites, [f"patient-{number}@home.example" for number in range(PATIENTS)])
        for patient in patients[::10]:
            patient.hangs_up = True
        shown = book_under_fire(sites, patients, worker, cluster)
        settled = sites[0].run("-c", SETTLE)
    in_hand = said(settled, "In hand")
    assert said(settled, "Facts") == {
        "booked": shown,
        "appointments": PATIENTS,
        "half": [],
        "confirmations": PATIENTS,
        "mail": PATIENTS,
        "integrity": "ok",
    }
    seen = sum((patient.seen for patient in patients), Counter())
    assert set(seen) == {"hung up", "no answer"} | ({"503"} if cluster else set())
    assert seen["hung up"] == PATIENTS / 10
    copies = Counter(sink.recipients)
    twice = {recipient for recipient, count in copies.items() if count > 1}
    assert set(copies) == set(shown)
    assert len(sink.received) == PATIENTS + len(twice)
    # Only a message in the hands of a killed worker may come again, with the same Message-ID.
    assert len(twice) >= 2
    assert twice <= set(in_hand)
    assert len(in_hand) <= worker.kills + 1 + bool(cluster)  # one more was stopped at the end
    assert all(len({message["Message-ID"] for message in sink.to(recipient)}) == 1 for recipient in twice)


def book_under_fire(
    sites: list[Site], patients: list[Patient], worker: Worker, cluster: Cluster | None
) -> dict[str, str]:
    """The reference of each patient's confirmation at the end."""
    webs = [web_process(site) for site in sites]
    try:
        worker.start(sites[0])
        for site, web in zip(sites, webs, strict=True):
            wait_until_ready(site, "/readyz", web.process)
        victims = [again for web in webs for again in [web.restart] * 2] + [worker.kill] * 2
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bookings = [pool.submit(patient.book) for patient in patients]
            kill_while(bookings, victims + ([cluster.crash] if cluster else []))
        wait_until(lambda: not worker.kills_by_mail)
        return {patient.email: booking.result() for patient, booking in zip(patients, bookings, strict=True)}
    finally:
        for program in [*webs, worker.program]:
            program.stop()
