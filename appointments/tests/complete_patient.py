"""A complete patient: a row of every model in the registry, and canary words to search for afterwards."""

import itertools
import re
from pathlib import Path
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.db import connection, models
from django.utils import timezone

from appointments.access import carers
from appointments.messages import queue
from appointments.models import (
    Appointment,
    Document,
    Note,
    Opinion,
    Question,
    RecoveryGuidance,
    RecoveryPlan,
    WaitingEntry,
)
from appointments.opinions.tests.makers import clinician_of, make_correction, make_released_opinion
from appointments.preparation.tests.makers import make_preparing, write
from appointments.privacy import registry
from appointments.recovery import calendar_feed, checkins
from appointments.recovery.tests.makers import make_guidance, move_back, start_plan
from appointments.tests.factories import make_appointment

CANARY = "zqcanary"
_count = itertools.count(1)
DIGESTS = {"digest", "feed_digest", "address_digest", "checksum", "sha256"}
# Values required by constraints, which a canary in each field would break.
FIELDS: dict[str, dict[str, Any]] = {
    "appointments.erasurerequest": {"refused_at": timezone.now(), "refused_why": "A canary comes later."},
    "appointments.legalhold": {"ended_at": timezone.now()},
    "appointments.offer": {"answered_at": timezone.now()},
    "appointments.checkin": {"is_alarm": True, "pain": 3},
}


def canary(where: str) -> str:
    """A unique word."""
    return f"{CANARY}{next(_count)}{where.replace('_', '')}"


def fill(row: models.Model) -> None:
    """Put a canary into every text field of a row."""
    words: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if isinstance(field, models.JSONField):
            words[field.name] = {"word": canary(field.name)}
        elif isinstance(field, models.EmailField):
            words[field.name] = f"{canary(field.name)}@home.example"
        elif (
            isinstance(field, models.CharField | models.TextField)
            and not isinstance(field, models.FileField)
            and not (field.choices or field.unique or field.name in DIGESTS)
        ):
            words[field.name] = canary(field.name)[: field.max_length]
    row._meta.model._base_manager.filter(pk=row.pk).update(**words)


def value_for(field: models.Field, known: dict[type, models.Model]) -> Any:
    """A valid value for a field without a default."""
    if field.is_relation:
        return known.get(field.related_model) or field.related_model._base_manager.first()
    if field.choices:
        return field.choices[0][0]
    if isinstance(field, models.FileField):
        return ContentFile(canary(field.name).encode(), name="canary.bin")
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return timezone.localdate()
    if field.name in DIGESTS:
        return f"{next(_count):064}"
    if isinstance(field, models.CharField | models.TextField):
        return canary(field.name)[: field.max_length]
    return 1


def make_row(model: type[models.Model], known: dict[type, models.Model]) -> models.Model:
    fixed = FIELDS.get(model._meta.label_lower, {})
    wanted = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and not field.has_default() and field.name not in fixed
        if not field.null or field.related_model in {Appointment, Document} or field.name == "refused_by"
    ]
    blank = [field for field in wanted if isinstance(field, models.CharField | models.TextField) and field.blank]
    values = {field.name: value_for(field, known) for field in wanted if field not in blank}
    return model._base_manager.bulk_create([model(**values | fixed)])[0]  # some models validate on save


def make_rows(appointment: Appointment, staff: User) -> None:
    """A row of every model in the registry of which the appointment has none yet."""
    known: dict[type, models.Model] = {Appointment: appointment, User: staff}
    first = [WaitingEntry, RecoveryPlan, Opinion, Document]
    for model in [*first, *(model for model in registry.PATHS if model not in first)]:
        if not known.get(model):
            rows = registry.rows_of(appointment, model)
            known[model] = rows.first() or make_row(model, known)


def make_everything(staff: User) -> Appointment:
    """An appointment with a row of every model in the registry, each with canaries."""
    appointment = make_appointment(email="canary@home.example", name="Canary")
    make_rows(appointment, staff)
    for model in registry.PATHS:
        for row in registry.rows_of(appointment, model):
            if model not in {*registry.KEPT_MODELS, Note}:  # a note cannot be changed
                fill(row)
    _sign(appointment, staff)
    _log(appointment, staff)
    return Appointment.objects.get(pk=appointment.pk)


def _sign(appointment: Appointment, staff: User) -> None:
    now = timezone.now()
    appointment.opinions.update(status="released", signed_by=staff, signed_at=now, released_at=now, released_by=staff)


def _log(appointment: Appointment, staff: User) -> None:
    """An entry about a row in the admin's own log."""
    content_type = ContentType.objects.get_for_model(Document)
    key = appointment.documents.first().pk
    LogEntry.objects.create(
        user=staff, content_type=content_type, object_id=key, object_repr=canary("log"), action_flag=CHANGE
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


def everything_in_the_database(*, without: frozenset[str] | set[str] = frozenset()) -> str:
    """Every row of every table, including tables without a model."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in without]
        rows = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [f"{table} {row}" for row in cursor.fetchall()]
    if Session._meta.db_table not in without:  # there it cannot be read as it is
        rows += [str(session.get_decoded()) for session in Session.objects.all()]
    return "\n".join(rows)


def everything_in(folder: Path) -> str:
    """The content and the name of every file below a folder."""
    return "\n".join(f"{path} {path.read_bytes()}" for path in folder.rglob("*") if path.is_file())


def canaries_in(text: str) -> set[str]:
    return set(re.findall(rf"{CANARY}\w+", text))
