"""Export of all data held about one patient: a zip with one JSON file and every document (UK GDPR, articles 15 and
20).

The zip is streamed, so that memory does not grow with the record. It contains the rows listed by `registry`, field by
field. Left out are the digests of secrets, which are not about the patient, and the accounts of staff, who appear by
their name.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import Storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Field, FileField, ForeignKey, Model
from django.utils import timezone
from django.utils.text import get_valid_filename

from appointments.governance import audit
from appointments.models import Appointment, AuditEntry
from appointments.privacy import registry

SECRETS = {"digest", "feed_digest", "address_digest"}
EXPORT_NAMES = {"appointment_type": "type"}  # of fields with another name in the file
CHUNK_BYTES = 2**16
ABOUT = (
    "Everything that we hold about you with this appointment, by the kind of record. Times are in UTC. A second "
    "opinion whose status is draft is not finished: nobody has signed it, and it may be wrong."
)


@transaction.atomic
def download(*, appointment: Appointment, at: datetime | None = None) -> Iterator[bytes]:
    """The zip, piece by piece. The export is audited before the first piece."""
    audit.record(AuditEntry.Action.EXPORTED, appointment, by=audit.PATIENT, detail="Everything, as a zip")
    files = [
        (stored.storage, stored.name, _name_in_zip(row))
        for row, stored in registry.files_of(appointment)
        if stored.storage.exists(stored.name)
    ]
    record = {"about": ABOUT, "made_at": at or timezone.now(), "files": [name for _, _, name in files]}
    for model in registry.PATHS:
        record[model._meta.label_lower] = _rows(appointment, model)
    return _zipped(json.dumps(record, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1), files)


def _rows(appointment: Appointment, model: type[Model]) -> list[dict[str, Any]]:
    fields = [field for field in model._meta.concrete_fields if field.name not in SECRETS]
    related = [field.name for field in fields if isinstance(field, ForeignKey)]
    return [
        {EXPORT_NAMES.get(field.name, field.name): _value(row, field) for field in fields}
        for row in registry.rows_of(appointment, model).select_related(*related)
    ]


def _value(row: Model, field: Field) -> Any:
    """A field as the patient reads it: the name of a related row, or the full name of a member of staff."""
    if isinstance(row, AuditEntry) and field.name == "actor" and row.by_id:
        return _person(row.by)
    value = field.value_from_object(row)
    if isinstance(field, FileField):
        return value.name
    if isinstance(field, ForeignKey) and value is not None and field.related_model not in registry.PATHS:
        other = getattr(row, field.name)
        return _person(other) if isinstance(other, AbstractUser) else str(other)
    return value


def _person(user: AbstractUser) -> str:
    return user.get_full_name() or "a member of staff"


def _name_in_zip(row: Model) -> str:
    """A unique name that is no path."""
    try:
        name = get_valid_filename(getattr(row, "name", "") or "file")
    except SuspiciousFileOperation:
        name = "file"
    return f"{row._meta.model_name}s/{row.pk}-{name[-100:]}"


class _Pipe:
    """An unseekable file for ZipFile, which holds the bytes that are not sent yet."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def write(self, data: bytes) -> int:
        self.waiting += data
        return len(data)

    def flush(self) -> None:
        """Nothing to do: no bytes are buffered elsewhere."""

    def take(self) -> bytes:
        taken, self.waiting = bytes(self.waiting), bytearray()
        return taken


def _zipped(record: str, files: list[tuple[Storage, str, str]]) -> Iterator[bytes]:
    pipe = _Pipe()
    with ZipFile(pipe, "w", compression=ZIP_DEFLATED) as package:
        package.writestr("data.json", record)
        yield pipe.take()
        for storage, stored, name in files:
            # A file may have been removed since.
            with (
                suppress(FileNotFoundError),
                storage.open(stored) as file,
                package.open(name, "w", force_zip64=True) as entry,
            ):
                while piece := file.read(CHUNK_BYTES):
                    entry.write(piece)
                    yield pipe.take()
    yield pipe.take()
