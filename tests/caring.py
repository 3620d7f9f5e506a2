"""A clinic with one clinician, its mail, and jumps in time: for the whole journey of one patient."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage

from tests.pressing_on import wait_until
from tests.running import HOST, Program, Site
from tests.smtpsink import Sink, mail_server

# Only Dr Birch has times. Prints the sessions of the clinician and of the booking coordinator.
PREPARE = """
import json
import django
django.setup()
from appointments.scheduling.slot_sync import make_slots
from appointments.models import AppointmentType
from appointments.tests.factories import make_clinician, make_hours, make_type
from calcsite.tests.people import make_person, make_session
AppointmentType.objects.update(bookable_by_patients=False)
bo = make_person("Clinician", username="bo", first_name="Bo", last_name="Birch")
bea = make_person("Booking coordinator", username="bea", first_name="Bea")
birch = make_clinician(name="Dr Bo Birch", credentials="MBBS, FRCR", user=bo)
appointment_type = make_type(name="Opinion of a specialist")
for weekday in range(7):
    make_hours(types=[appointment_type], clinician=birch, weekday=weekday)
make_slots(clinician=birch)
print(json.dumps([make_session(bo), make_session(bea)]))
"""
# The appointment that is booked is over by now.
PASS = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from appointments.models import Slot
slot = Slot.objects.get(appointments__isnull=False)
long = slot.ends - slot.starts
slot.ends = slot.busy_until = timezone.now() - timedelta(hours=2)
slot.starts = slot.ends - long
slot.save()
"""


@dataclass
class Clinic:
    """A running site: sessions of its staff, and the mail that its worker sends."""

    site: Site
    clinician: str
    coordinator: str
    post: Sink

    def let_the_appointment_pass(self) -> None:
        self.site.run("-c", PASS)


@contextmanager
def clinic_at_work(site: Site) -> Iterator[Clinic]:
    sessions = json.loads(site.run("-c", PREPARE).splitlines()[-1])
    with mail_server() as post:
        mail = {"EMAIL_URL": f"smtp://{HOST}:{post.port}"}
        worker = Program(replace(site, environment=site.environment | mail), "manage.py", "worker", "--pause", "0.1")
        try:
            yield Clinic(site, *sessions, post)
        finally:
            worker.stop()


class Inbox:
    """One person's e-mails, read in the order of arrival."""

    def __init__(self, clinic: Clinic, address: str) -> None:
        self.clinic, self.address = clinic, address
        self.read: list[EmailMessage] = []

    def next(self, subject: str) -> str:
        """Wait for the next message with these words in its subject. Returns its text."""
        wait_until(lambda: self._new(subject))
        self.read.append(self._new(subject)[0])
        return self.read[-1].get_body(("plain",)).get_content()

    def _new(self, subject: str) -> list[EmailMessage]:
        unread = [each for each in self.clinic.post.to(self.address) if each not in self.read]
        return [each for each in unread if subject in each["Subject"]]

    def link(self, subject: str) -> str:
        return re.search(r"https?://\S+/appointment/\S+", self.next(subject))[0]

    def code(self) -> str:
        return re.search(r"^\d{6}\b", self.next("Your code"), re.MULTILINE)[0]

    def everything(self) -> str:
        """The text of all messages: headers, bodies, and the names and texts of attachments."""
        parts = [part for message in self.clinic.post.to(self.address) for part in message.walk()]
        heads = [f"{name}: {value}" for part in parts for name, value in part.items()]
        return "\n".join([*heads, *(part.get_content() for part in parts if part.get_content_maintype() == "text")])
