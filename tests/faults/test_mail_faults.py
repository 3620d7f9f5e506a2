"""A mail server that is away, stalls, refuses or breaks off: patients book, and staff see which of them to
telephone.
"""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.pressing_on import Patient, come, said, two_sites, wait_until
from tests.running import HOST, Program, Site, free_port, own_database, wait_until_ready, web_process
from tests.smtpsink import ACCEPTED, ADDRESS, HangUp, mail_server

NAMES = ["early", "stalls", "busy", "unknown", "drops", "fine", "poison", "broken"]
QUICK = 2  # seconds for a booking
STALL = 40  # seconds without a reply of the server, far longer than any client's time-out
# The state of the mail, and the telephone worklist: now, and an hour later without a change.
FACTS = """
import json
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from appointments.desk import worklists
from appointments.models import Appointment, Message
from calcsite.models import StaffMail
telephone = worklists.BY_KEY["telephone"]
now, everybody = timezone.now(), Appointment.objects.all()
confirmations = Message.objects.filter(kind="confirmation").select_related("appointment").order_by("pk")
def state(message):
    return "again" if message.status == "waiting" and message.attempts else message.status
print("Mail:", json.dumps({message.appointment.email: state(message) for message in confirmations}))
others = Message.objects.exclude(kind__in=["confirmation", "reminder"]).select_related("appointment")
told = {message.appointment.email: state(message) for message in others}
print("Others:", json.dumps(told | {mail.to: state(mail) for mail in StaffMail.objects.all()}))
for name, at in [("Telephone", now), ("Telephone later", now + timedelta(hours=1, minutes=1))]:
    print(f"{name}:", json.dumps(sorted(found.email for found in telephone.among(everybody, at))))
"""
# One message has an address that no mail goes to, one is of a kind that is not registered, and one to staff has a
# header that cannot be written. Then some minutes pass.
POISON = """
def write(to, kind):
    Message.objects.create(appointment=everybody.get(email=to), kind=kind, text="Hello.")
everybody.filter(email="poison@home.example").update(email="no address")
write("no address", "staff")
write("broken@home.example", "unheard of")
StaffMail.objects.create(to="ann@clinic.example", subject="Hello", text="Hello", headers={"X-Broken": "one\\ntwo"})
Message.objects.filter(status="waiting").update(next_attempt_at=None)
"""


class FailuresByRecipient:
    """The failures of the mail server by recipient. `better` ends them: later it accepts these messages."""

    def __init__(self) -> None:
        self.stalling, self.better = threading.Event(), threading.Event()

    def trouble(self, stage: str, recipient: str) -> str | None:
        match stage, recipient.partition("@")[0]:
            case _ if self.better.is_set():
                return None
            case (stage, "stalls") if stage == ADDRESS:
                self.stalling.set()
                self.better.wait(STALL)
                raise HangUp
            case (stage, "busy") if stage == ADDRESS:
                return "450 come back later"
            case (stage, "unknown") if stage == ADDRESS:
                return "550 nobody of that name"
            case (stage, "drops") if stage == ACCEPTED:
                raise HangUp
        return None


@pytest.fixture
def clinic(tmp_path, static_files) -> Iterator[tuple[Site, dict[str, Patient]]]:
    """A site with its worker, whose mail server is not running yet, and patients by the names of their addresses."""
    with own_database() as database:
        mail = {"EMAIL_URL": f"smtp://{HOST}:{free_port()}", "EMAIL_TIMEOUT": "2"}
        sites = two_sites(tmp_path, static_files, database | mail)[:1]
        patients = come(sites, [address(name) for name in NAMES])
        programs = [web_process(sites[0]), Program(sites[0], "manage.py", "worker", "--pause", "0.2")]
        try:
            wait_until_ready(sites[0], "/readyz", programs[0].process)
            yield sites[0], dict(zip(NAMES, patients, strict=True))
        finally:
            for program in programs:
                program.stop()


def test_mail_waits_for_its_server_and_undeliverable_mail_is_on_the_worklist(clinic):
    site, patients = clinic
    moods = FailuresByRecipient()
    patients["early"].book()
    wait_until(lambda: "the mail server cannot be reached" in log(site))
    with mail_server(moods.trouble, int(site.environment["EMAIL_URL"].rpartition(":")[2])) as sink:
        wait_until(lambda: address("early") in sink.recipients)
        patients["stalls"].book()
        wait_until(moods.stalling.is_set)
        for name in ["busy", "unknown", "drops", "poison", "broken", "fine"]:
            started = time.monotonic()
            patients[name].book()
            assert time.monotonic() - started < QUICK
        wait_until(lambda: address("fine") in sink.recipients)
        moods.better.set()  # unsent mail is retried in a minute, or once the minutes have passed
        told = site.run("-c", FACTS + POISON)
        mail = dict.fromkeys([address(name) for name in NAMES], "sent")
        waiting = [address(name) for name in ["busy", "drops", "stalls"]]
        assert said(told, "Mail") == mail | dict.fromkeys(waiting, "again") | {address("unknown"): "refused"}
        assert said(told, "Telephone") == [address("unknown")]
        assert said(told, "Telephone later") == [*waiting, address("unknown")]

        wait_until(lambda: {*waiting} <= {*sink.recipients} and "was not sent: BadHeaderError" in log(site))
        told = site.run("-c", FACTS)
    arrived = {("no address" if key == address("poison") else key): "sent" for key in mail}
    assert said(told, "Mail") == arrived | {address("unknown"): "refused"}
    assert said(told, "Others") == dict.fromkeys(["no address", address("broken"), "ann@clinic.example"], "again")
    assert said(told, "Telephone later") == [address("broken"), "no address", address("unknown")]
    # A message accepted without a reply came again, with the same Message-ID.
    assert Counter(sink.recipients) == Counter({*mail} - {address("unknown")}) + Counter([address("drops")])
    assert len({message["Message-ID"] for message in sink.to(address("drops"))}) == 1
    assert [line for line in site.errors() if not re.search(r"(message|e-mail to staff) \d+ was not sent", line)] == []


def address(name: str) -> str:
    return f"{name}@home.example"


def log(site: Site) -> str:
    return site.log.read_text()
