"""What remains of an appointment that was erased, inside the database and outside of it.

A tombstone is named by a digest of the appointment's random number, and says when it was erased and which files,
whose names are random too, went with it. It names nobody. The copy outside the database survives when an older backup
of it is restored, and so tells what has to be erased again (`erasure.apply_again`).
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
    """It could not be written outside the database."""


class StoredFile(NamedTuple):
    """One file, by where it is stored: the model and field whose storage has it, and its generated name there."""

    model: str
    field: str
    name: str

    @property
    def storage(self) -> Storage:
        return apps.get_model(self.model)._meta.get_field(self.field).storage


@dataclass(frozen=True)
class Kept:
    """A tombstone as it is kept outside the database."""

    digest: str
    erased_at: datetime
    files: list[StoredFile]


def digest(appointment: Appointment) -> str:
    """What a tombstone is named by: of the random number, so it tells nothing to whoever does not know that."""
    return digest_of(str(appointment.uid))


def keep(appointment: Appointment, files: list[StoredFile], at: datetime) -> None:
    """Write both tombstones, the one outside the database last: it counts even if the transaction fails after it.

    Raises TombstoneError when that cannot be written, and then nothing of it is left: half of one would count too.
    """
    name = digest(appointment)
    Tombstone.objects.get_or_create(digest=name, defaults={"erased_at": at})
    if not is_kept(appointment):
        words = json.dumps({"erased_at": at.isoformat(), "files": files})
        _write(f"{FOLDER}/{name}", words.encode())


def _write(name: str, content: bytes) -> None:
    try:
        storages["private"].save(name, ContentFile(content))
    except OSError as error:
        with suppress(OSError):
            storages["private"].delete(name)
        raise TombstoneError("The disk may be full.") from error


def is_kept(appointment: Appointment) -> bool:
    """Whether an appointment was erased, whatever the database says."""
    return storages["private"].exists(f"{FOLDER}/{digest(appointment)}")


def unknown() -> list[Kept]:
    """The tombstones outside the database that it does not know: it is older than they are."""
    outside = set(_names())
    known = set(Tombstone.objects.values_list("digest", flat=True)) if outside else set()
    return [_read(name) for name in sorted(outside - known)]


def _names() -> list[str]:
    storage = storages["private"]
    return storage.listdir(FOLDER)[1] if storage.exists(FOLDER) else []


def _read(name: str) -> Kept:
    """One whose writing was cut off, by a power cut say, still has its name: that says who is to be erased."""
    storage, path = storages["private"], f"{FOLDER}/{name}"
    with storage.open(path) as file:
        words = file.read()
    try:
        kept = json.loads(words)
        files = [StoredFile(*each) for each in kept["files"]]
        return Kept(digest=name, erased_at=datetime.fromisoformat(kept["erased_at"]), files=files)
    except (ValueError, KeyError, TypeError):
        return Kept(digest=name, erased_at=storage.get_modified_time(path), files=[])
