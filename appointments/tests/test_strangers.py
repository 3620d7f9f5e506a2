"""Every address of the site with the rows of one patient, requested by every kind of other visitor.

The response equals that for a number of no row, shows nothing of the patient, and changes nothing of theirs. The
addresses come from the URL resolver: one whose places are not in `urls.PLACES` fails.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from appointments.access import carers, links
from appointments.access.decorators import CODE
from appointments.models import Appointment, Closure, PlanGuidance, PreparationTask
from appointments.privacy import registry
from appointments.tests.clients import come_in, come_in_with_code
from appointments.tests.complete_patient import make_whole
from appointments.tests.urls import APPOINTMENT, MISSING_KEY, NOT_OF_PATIENTS, filled, places_in, routes, shown
from calcsite.tests import people

pytestmark = pytest.mark.django_db

WHO, MEDICAL = "zqidentity", "zqmedical"
TOKEN = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])")  # a secret that differs each time
MADE = re.compile(r"/appointment/carer/\d+/")  # sequences of PostgreSQL are not rolled back
FIELDS = {"status": "done", "text": "Mine", "name": "Mine", "what": "Mine", "kind": "allergy", "why": "Mine"}
FIELDS |= {"note": "Mine", "sure": "on", "feeling": "worse", "pain": "3", "post": "yes", "seen": ""}


@pytest.fixture(autouse=True)
def stopped_clock() -> Iterator[None]:
    """Two responses to the same request are equal, even a second apart."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def patient() -> Appointment:
    """The patient whose rows are requested. Another complete one exists, too."""
    made = make_whole(WHO, MEDICAL)
    starts, clinician = made.slot.starts, made.slot.clinician
    Closure.objects.create(clinician=clinician, starts=starts, ends=made.slot.ends)
    return made


def another_patient(patient: Appointment) -> Client:
    return come_in_with_code(make_whole("another", "other"))


def a_stranger(patient: Appointment) -> Client:
    return Client()


def by_link(patient: Appointment) -> Client:
    """A visitor with the patient's link, and without their e-mails: on a shared computer, for example."""
    return come_in(patient)


def by_an_old_code(patient: Appointment) -> Client:
    client = come_in_with_code(patient)
    session = client.session
    session[CODE] = [session[links.SESSION], (timezone.now() - timedelta(days=2)).isoformat()]
    session.save()
    return client


def a_carer(patient: Appointment) -> Client:
    client = Client()
    session = client.session
    session[carers.SESSION] = carers.usable().filter(appointment=patient).first().pk
    session.save()
    return client


def clinician_of_another(patient: Appointment) -> Client:
    return people.client_of(make_whole("another", "other").slot.clinician.user)


def staff_without_patients(patient: Appointment) -> Client:
    """Permissions add up: an action refused to all of these together is refused to each of them."""
    return people.client_of(people.make_person("Editor", "Clinical reviewer", "Administrator"))


def coordinator(patient: Appointment) -> Client:
    return people.client_of(people.make_person("Booking coordinator"))


def own_code(patient: Appointment) -> Client:
    return come_in_with_code(patient)


def own_clinician(patient: Appointment) -> Client:
    return people.client_of(patient.slot.clinician.user)


class Visitor(NamedTuple):
    """A kind of visitor, and the effects that their requests must not have."""

    come: Callable[[Appointment], Client]
    among: str | tuple[str, ...]  # prefixes of the addresses requested
    never_sees: tuple[str, ...] = (WHO, MEDICAL)
    keeps_off: Iterable[type] = tuple(registry.PATHS)  # the models of which no row of the patient may change
    theirs: tuple[str, ...] = ()  # prefixes of the addresses that they may use


PATIENTS, STAFF = ("appointment/", "second-opinion/", "calendar/"), "admin/"
# The pages behind the code. The link alone allows moving, cancelling, and asking for a code.
BEHIND_THE_CODE = ("preparation", "documents", "opinions", "recovery", "rights")
MEDICAL_ROWS = tuple(model for model in registry.PATHS if model.__module__.endswith(BEHIND_THE_CODE))
# Editors of the checklist may delete an item of it: copies stay, with an empty `source`.
COPIES = {PreparationTask, PlanGuidance}
ADMIN = f"/{STAFF}appointments/"
VISITORS = {
    "a stranger": Visitor(a_stranger, among=""),
    "another patient": Visitor(another_patient, PATIENTS, theirs=("/appointment/my-data/download/",)),
    "the link without the code": Visitor(by_link, PATIENTS, (MEDICAL,), MEDICAL_ROWS),
    "an old code": Visitor(by_an_old_code, PATIENTS, (MEDICAL,), MEDICAL_ROWS),
    "a carer": Visitor(a_carer, PATIENTS),
    "the clinician of another": Visitor(clinician_of_another, STAFF),
    "staff without patients": Visitor(
        staff_without_patients,
        STAFF,
        keeps_off=tuple(model for model in registry.PATHS if model not in COPIES),
        theirs=(f"{ADMIN}auditentry/", f"{ADMIN}appointment/feed/"),
    ),
    "coordinator": Visitor(coordinator, STAFF, (MEDICAL,), (), theirs=(ADMIN,)),
}


def form_data(patient: Appointment, *, is_missing: bool) -> dict[str, Any]:
    """The form data: the keys of the patient's rows, or those of no row."""
    keys = {
        "slot": patient.slot_id,
        "offer": patient.waiting.offers.first().pk,
        "meets": patient.document_requests.first().pk,
    }
    question = patient.question_set.first().pk
    keys = dict.fromkeys(keys, MISSING_KEY) if is_missing else keys
    question = MISSING_KEY if is_missing else question
    return FIELDS | keys | {f"answer_{question}": "Mine", f"outcome_{question}": "answered"}


def held(patient: Appointment, models: Iterable[type]) -> list[list[dict]]:
    return [list(registry.rows_of(patient, model).values()) for model in models]


def ask(browser: Client, method: str, path: str, fields: dict[str, Any]) -> tuple[int, str, str]:
    """The status, redirect and text of a response, without the request's own values in it."""
    client = Client()
    client.cookies = browser.cookies.copy()
    answer = client.post(path, fields) if method == "post" else client.get(path)
    content = b"".join(answer) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(map(archive.read, archive.namelist()))
    leads_to, body = answer.get("Location", ""), MADE.sub("a new link", shown(content.decode(errors="replace")))
    for asked in (path, quote(path, safe="")):
        leads_to, body = leads_to.replace(asked, "…"), body.replace(asked, "…")
    return answer.status_code, leads_to, TOKEN.sub("a secret", body)


def ways(patient: Appointment, own: Appointment | None, among: str | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each address with the patient's rows, and with keys of no row; equal if the address has no row of theirs.

    A visitor with an appointment of their own requests the patient's rows below that, too.
    """
    for route in routes():
        if NOT_OF_PATIENTS.match(route) or not route.startswith(among):
            continue
        parts = places_in(route)
        theirs, missing = (
            {name: part.of(patient, is_missing=each) for name, part in parts.items()} for each in (0, 1)
        )
        yield filled(route, theirs), filled(route, missing)
        if own and len(parts) > 1 and parts.get("pk") == APPOINTMENT["pk"]:
            theirs, missing = (filled(route, values | {"pk": own.pk}) for values in (theirs, missing))
            yield theirs, missing


def tried(patient: Appointment, visitor: Visitor, method: str) -> Iterator[tuple[str, tuple, tuple]]:
    """The responses of each address with the patient's rows, and with keys of no row. Each is rolled back before the
    next.
    """
    browser = visitor.come(patient)
    own = Appointment.objects.booked().exclude(pk=patient.pk).first()
    before = held(patient, visitor.keeps_off)
    fields = [form_data(patient, is_missing=each) if method == "post" else {} for each in (False, True)]
    for paths in ways(patient, own, visitor.among):
        answers = []
        for path, sent in zip(paths, fields, strict=True):
            with transaction.atomic():
                answers.append(ask(browser, method, path, sent))
                if method == "post":
                    assert held(patient, visitor.keeps_off) == before, path
                transaction.set_rollback(True)
        yield paths[0], *answers


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", VISITORS)
def test_other_visitors_get_the_answer_for_rows_that_do_not_exist(patient, name, method):
    visitor = VISITORS[name]
    differing, showing, count = [], [], 0
    for path, theirs, missing in tried(patient, visitor, method):
        count += 1
        if theirs != missing and not path.startswith(visitor.theirs):
            differing.append((path, theirs[:2], missing[:2]))
        showing += [(path, word) for word in visitor.never_sees if word in theirs[2]]
    assert (differing, showing) == ([], [])
    assert count > 60


def test_visitors_with_permission_find_the_rows_at_these_addresses(patient):
    """The positive control: the rows hidden from others are there."""
    for come, least in ((own_code, 20), (own_clinician, 7)):
        found = tried(patient, Visitor(come, among="a"), "get")
        assert sum(MEDICAL in theirs[2] for _, theirs, _ in found) >= least


def test_a_patient_who_is_whole_has_a_row_of_every_model(patient):
    assert [model for model in registry.PATHS if not registry.rows_of(patient, model).exists()] == []
