"""Tombstones: the remains of an erased appointment, inside the database and outside of it.

A tombstone is named by a digest of the appointment's random `uid`, and holds the time of erasure and the random names
of the deleted files. It identifies no person. The copy outside the database survives when an older backup is restored,
and lists the erasures to apply again (`erasure.apply_again`).
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from appointments.models import Appointment, Tombstone
from calcsite.security.tokens import digest_of

FOLDER = "tombstones"


class TombstoneError(Exception):
    """A tombstone could not be written outside the database."""


class StoredFile(NamedTuple):
    """A file by its place of storage: the model and field whose storage has it, and its generated name there."""

    model: str
    field: str
    name: str

    @property
    def storage(self) -> Storage:
        return apps.get_model(self.model)._meta.get_field(self.field).storage


@dataclass(frozen=True)
class StoredTombstone:
    """A tombstone as stored outside the database."""

    digest: str
    erased_at: datetime
    files: list[StoredFile]


def digest(appointment: Appointment) -> str:
    """The name of an appointment's tombstone. It is a digest of the random `uid`, which cannot be guessed from it."""
    return digest_of(str(appointment.uid))


def write(appointment: Appointment, files: list[StoredFile], at: datetime) -> None:
    """Write both tombstones, the one outside the database last: it counts even if the transaction fails after it.

    Raises TombstoneError if that cannot be written; a partial file is deleted, because it would count too.
    """
    name = digest(appointment)
    Tombstone.objects.get_or_create(digest=name, defaults={"erased_at": at})
    if not is_erased(appointment):
        words = json.dumps({"erased_at": at.isoformat(), "files": files})
        _write(f"{FOLDER}/{name}", words.encode())


def _write(name: str, content: bytes) -> None:
    try:
        storages["private"].save(name, ContentFile(content))
    except OSError as error:
        with suppress(OSError):
            storages["private"].delete(name)
        raise TombstoneError("The disk may be full.") from error


def is_erased(appointment: Appointment) -> bool:
    """Whether the appointment was erased, judged by the tombstone outside the database."""
    return storages["private"].exists(f"{FOLDER}/{digest(appointment)}")


def unapplied() -> list[StoredTombstone]:
    """The tombstones that are not in the database, because it was restored from an older backup."""
    storage = storages["private"]
    outside = set(storage.listdir(FOLDER)[1]) if storage.exists(FOLDER) else set()
    known = set(Tombstone.objects.values_list("digest", flat=True)) if outside else set()
    return [_read(name) for name in sorted(outside - known)]


def _read(name: str) -> StoredTombstone:
    """Read a tombstone. One whose writing was cut off still has its name, which is enough to erase the appointment."""
    storage, path = storages["private"], f"{FOLDER}/{name}"
    with storage.open(path) as file:
        words = file.read()
    try:
        kept = json.loads(words)
        files = [StoredFile(*each) for each in kept["files"]]
        return StoredTombstone(digest=name, erased_at=datetime.fromisoformat(kept["erased_at"]), files=files)
    except (ValueError, KeyError, TypeError):
        return StoredTombstone(digest=name, erased_at=storage.get_modified_time(path), files=[])
