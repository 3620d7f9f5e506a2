"""A patient with a row of every model in the registry, and a canary word in every field and file."""

import itertools
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone

from appointments.models import Appointment, Document, Note, Opinion, RecoveryPlan, WaitingEntry
from appointments.privacy import registry
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
