"""Every address of the site, with rows of a complete patient in its places."""

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.urls import URLResolver, get_resolver

from appointments import patient_urls, urls
from appointments.booking import steps
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
    QuestionPrompt,
    RecoveryGuidance,
    TestInstruction,
)
from appointments.preparation.lists import LISTS

UNKNOWN = "x" * 43  # as long as a token
PREFIXES = {"/appointment/": patient_urls.urlpatterns, "/second-opinion/": urls.urlpatterns}
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


def addresses(**parts: Any) -> list[str]:
    """Each address under /appointment/ and /second-opinion/, `pk` and `token` filled in. An unknown kind of part
    fails.
    """
    values = {
        "pk": [10**9],
        "number": [10**3],
        "kind": ["documents"],
        "token": [UNKNOWN],
        "rest": [").", "x.css"],
        "name": steps.NAMES,
    }
    values |= {name: [part] for name, part in parts.items()}
    found = []
    for prefix, patterns in PREFIXES.items():
        for pattern in map(str, (each.pattern for each in patterns)):
            for chosen in itertools.product(*[values[name] for name in PLACE.findall(pattern)]):
                given = iter(chosen)
                found.append(prefix + PLACE.sub(lambda _, given=given: str(next(given)), pattern))
    return found


def everything() -> dict[str, list[str]]:
    """Every row of every table, including sessions and the framework's own tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def shown(page: str) -> str:
    """A page without the CSRF tokens of its forms, which differ each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


Key = Callable[[Appointment], object]


MISSING_KEY = 987_654_321  # a key of no row


# Addresses without a part that names a row of a patient.
NOT_OF_PATIENTS = re.compile(
    r"conditions/|preview/|media/|<slug:slug>/|admin/(account|auth|calcsite|conditions|r)/|admin/\^|admin/\("
)


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
