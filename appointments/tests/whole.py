"""A complete patient, with data in every part of the site, and every address of the site with such a patient's
rows.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.urls import URLResolver, get_resolver

from appointments.access import carers
from appointments.messages import queue
from appointments.models import (
    Appointment,
    AppointmentType,
    AuditEntry,
    CarerLink,
    CheckIn,
    ChecklistItem,
    Clinician,
    Closure,
    Document,
    DocumentRequest,
    FollowUp,
    LegalHold,
    Location,
    Message,
    PlanGuidance,
    PreparationTask,
    Question,
    QuestionPrompt,
    RecoveryGuidance,
    TestInstruction,
)
from appointments.preparation.lists import LISTS
from appointments.recovery import calendar_feed, checkins
from appointments.tests.everything import make_rows
from appointments.tests.looking import PLACE, UNKNOWN
from appointments.tests.preparing import make_preparing, write
from appointments.tests.recovering import make_guidance, move_back, start_plan
from appointments.tests.writing import clinician_of, make_correction, make_released_opinion

Key = Callable[[Appointment], object]

MISSING_KEY = 987_654_321  # a key of no row
# Addresses without a part that names a row of a patient.
NOT_OF_PATIENTS = re.compile(
    r"conditions/|preview/|media/|<slug:slug>/|admin/(account|auth|calcsite|conditions|r)/|admin/\^|admin/\("
)


def make_whole(who: str, medical: str) -> Appointment:
    """An appointment with a row of every model in the registry. `who` is in the fields about identity and reason,
    `medical` in those behind the code.
    """
    if not RecoveryGuidance.objects.exists():
        make_guidance(title="The first days")
    about = dict.fromkeys(["name", "carer_name", "reason", "findings", "needs"], who)
    appointment = make_preparing(email=f"{who}@home.example", **about)
    clinician = clinician_of(appointment)
    write(appointment, word=medical)
    Question.objects.filter(appointment=appointment).update(outcome="answered", answer=medical)
    make_released_opinion(appointment, findings=medical)
    make_correction(appointment, why=medical)
    move_back(appointment)
    plan = start_plan(appointment, note=medical, what=medical, by=clinician)
    checkins.check_in(plan=plan, feeling="worse", pain=8, note=medical)
    calendar_feed.renew(plan=plan)
    carers.make(appointment=appointment, name=who)
    queue.send_from_staff(appointment=appointment, text=who, by=clinician)
    make_rows(appointment, clinician)
    appointment.documents.update(name=f"{medical}.pdf", description=medical)
    appointment.document_requests.update(what=who)
    return Appointment.objects.get(pk=appointment.pk)


class Part(NamedTuple):
    """The values of a place in an address: a row of a patient, and one that does not exist."""

    key: Key
    is_own: bool = True

    def of(self, appointment: Appointment, *, is_missing: bool) -> object:
        key = self.key(appointment)
        if not (is_missing and self.is_own):
            return key
        return MISSING_KEY if isinstance(key, int) else UNKNOWN


def row_of(model: type, path: str = "appointment", key: str = "pk") -> Key:
    return lambda appointment: (
        model._base_manager.filter(**{path: appointment}).order_by("pk").first().serializable_value(key)
    )


def same(value: object) -> Part:
    return Part(lambda appointment: value, is_own=False)


def any_row(model: type) -> Part:
    return Part(lambda appointment: model._base_manager.order_by("pk").first().pk, is_own=False)


PATIENT, STAFF = "appointment/", "admin/appointments/"
ONE = f"{STAFF}appointment/<int:pk>/"
APPOINTMENT = {"pk": Part(lambda appointment: appointment.pk)}
DIGEST = Part(lambda appointment: appointment.links.first().digest)
TASK, ADVICE = Part(row_of(PreparationTask)), Part(row_of(PlanGuidance, "plan__appointment"))
# The parts of each address, by its prefix: the first match applies.
PLACES: dict[str, dict[str, Part]] = {
    "second-opinion/book/": {"name": same("you")},
    f"{PATIENT}time/": {"pk": Part(lambda appointment: appointment.slot_id)},
    f"{PATIENT}preparation/": {"pk": TASK},
    **{f"{PATIENT}{name}/": {"pk": Part(row_of(tool.model))} for name, tool in LISTS.items()},
    f"{PATIENT}documents/": {"pk": Part(row_of(Document))},
    f"{PATIENT}opinion/": {"number": same(1)},
    f"{PATIENT}my-data/agreed/": {"kind": same("documents")},
    f"{PATIENT}carer/<int:pk>/": {"pk": Part(row_of(CarerLink))},
    f"{PATIENT}carer/<str:token>/": {"token": Part(row_of(CarerLink, key="digest")), "rest": same("x.css")},
    f"{PATIENT}<str:token>/": {"token": DIGEST, "rest": same("x.css")},
    f"{PATIENT}recovery/follow-up/": {"pk": Part(row_of(FollowUp, "plan__appointment"))},
    "calendar/recovery/": {"secret": Part(lambda appointment: appointment.recovery_plan.feed_digest)},
    "calendar/": {"secret": DIGEST},
    f"{ONE}recovery/check-in/": APPOINTMENT | {"check_in": Part(row_of(CheckIn, "plan__appointment"))},
    f"{ONE}recovery/follow-up/": APPOINTMENT | {"follow_up": Part(row_of(FollowUp, "plan__appointment"))},
    f"{ONE}documents/waive/": APPOINTMENT | {"asked": Part(row_of(DocumentRequest))},
    f"{ONE}documents/": APPOINTMENT | {"document": Part(row_of(Document))},
    f"{ONE}handled/": APPOINTMENT | {"message": Part(row_of(Message))},
    f"{ONE}pack/": APPOINTMENT | {"test": Part(row_of(TestInstruction))},
    f"{ONE}opinion/": APPOINTMENT | {"number": same(1)},
    f"{ONE}hold/": APPOINTMENT | {"hold": Part(row_of(LegalHold))},
    ONE: APPOINTMENT,
    f"{STAFF}appointment/<path:object_id>/": {"object_id": APPOINTMENT["pk"]},
    f"{STAFF}appointment/work/": {"key": same("telephone")},
    f"{STAFF}appointment/feed/": {"pk": Part(lambda appointment: appointment.slot.clinician_id)},
    f"{STAFF}appointment/book/": {"slot": Part(lambda appointment: appointment.slot_id)},
    f"{STAFF}auditentry/": {"object_id": Part(row_of(AuditEntry))},
    f"{STAFF}checklistitem/<int:pk>/": {"pk": Part(row_of(PreparationTask, key="source"), is_own=False), "copy": TASK},
    f"{STAFF}recoveryguidance/<int:pk>/": {
        "pk": Part(row_of(PlanGuidance, "plan__appointment", key="source"), is_own=False),
        "copy": ADVICE,
    },
    **{
        f"{STAFF}{model._meta.model_name}/": {"object_id": any_row(model), "pk": any_row(model)}
        for model in (Clinician, AppointmentType, Location, ChecklistItem, RecoveryGuidance, QuestionPrompt, Closure)
    },
}


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every address of the site, as its patterns are written."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = f"{before}{pattern.pattern}"
        yield from routes(pattern, route) if isinstance(pattern, URLResolver) else [route]


def places_in(route: str) -> dict[str, Part]:
    """The parts of an address. An address without an entry in PLACES fails."""
    names = PLACE.findall(route)
    if not names:
        return {}
    found = next((parts for start, parts in PLACES.items() if route.startswith(start)), {})
    missing = set(names) - set(found)
    assert not missing, f"{route}: say in PLACES what {missing} is"
    return {name: found[name] for name in names}


def filled(route: str, values: dict[str, object]) -> str:
    return "/" + PLACE.sub(lambda place: str(values[place[1]]), route)
