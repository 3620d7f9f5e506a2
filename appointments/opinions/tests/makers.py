"""A clinician at work: accounts, drafts that could be signed, and opinions that are signed and released."""

from typing import Any

from django.contrib.auth.models import User
from django.db import connection

from appointments.models import Appointment, Opinion, Question
from appointments.opinions import opinions
from appointments.preparation.answers import fingerprint_of
from calcsite.stale import fingerprint
from calcsite.tests import people

TEXTS = {
    "findings": "The scan shows two small spots of calcium.",
    "agreement": "partly",
    "first_opinion": "The first doctor advises an operation.",
    "our_opinion": "We advise to wait.",
    "next_steps": "Have another scan in six months.",
}
OPTION = {"name": "Watching", "benefits": "No risk", "risks": "It may grow", "expected": "Nothing changes for most"}


def clinician_of(appointment: Appointment, **fields: Any) -> User:
    """An account for the clinician of an appointment."""
    clinician = appointment.slot.clinician
    if clinician.user is None:
        clinician.user = people.make_person("Clinician", **fields)
    clinician.credentials = "MBBS, FRCR"
    clinician.save()
    return clinician.user


def save(opinion: Opinion, by: User, **changes: Any) -> None:
    """Save a draft, with changes, from its current state."""
    opinion.refresh_from_db()
    seen = {
        "seen": opinions.fingerprint_of(opinion),
        "answers_seen": fingerprint_of(Question.objects.filter(appointment=opinion.appointment)),
    }
    given = seen | {"texts": TEXTS, "options": [OPTION], "answers": {}}
    opinions.save(opinion=opinion, by=by, **given | changes)
    opinion.refresh_from_db()


def make_draft_opinion(appointment: Appointment, **texts: str) -> Opinion:
    """A draft that is ready to sign."""
    by = clinician_of(appointment)
    opinion = opinions.start(appointment=appointment, by=by)
    save(opinion, by, texts=TEXTS | texts)
    return opinion


def sign(opinion: Opinion) -> Opinion:
    """Sign a draft as it is."""
    opinion.refresh_from_db()
    by = clinician_of(opinion.appointment)
    opinions.sign(opinion=opinion, seen=fingerprint(opinions.compose(opinion)), by=by)
    opinion.refresh_from_db()
    return opinion


def release(opinion: Opinion) -> Opinion:
    opinions.release(opinion=opinion, by=clinician_of(opinion.appointment))
    opinion.refresh_from_db()
    return opinion


def make_released_opinion(appointment: Appointment, **texts: str) -> Opinion:
    return release(sign(make_draft_opinion(appointment, **texts)))


def make_correction(appointment: Appointment, why: str = "The date of the scan was wrong.") -> Opinion:
    """A draft of the next version."""
    return opinions.correct(appointment=appointment, why=why, by=clinician_of(appointment))


def tamper(**changes: Any) -> None:
    """Change a signed opinion, as the owner of the database could, without the trigger."""
    table = " ON appointments_opinion" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER signed_opinion_is_frozen_update{table}")
    Opinion.objects.update(**changes)
