"""What remains of an appointment that was erased, inside the database and outside of it.

A tombstone is named by a digest of the appointment's random number, and says when it was erased and which files,
whose names are random too, went with it. It names nobody. The copy outside the database survives when an older backup
of it is restored, and so tells what has to be erased again (`erasure.apply_again`).
"""

import json
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from appointments.holdings import StoredFile
from appointments.models import Appointment, Tombstone
from calcsite.tokens import digest_of

FOLDER = "tombstones"


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
    """Write both tombstones, the one outside the database last: it counts even if the transaction fails after it."""
    name = digest(appointment)
    Tombstone.objects.get_or_create(digest=name, defaults={"erased_at": at})
    if not is_kept(appointment):
        words = json.dumps({"erased_at": at.isoformat(), "files": files})
        storages["private"].save(f"{FOLDER}/{name}", ContentFile(words.encode()))


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
    with storages["private"].open(f"{FOLDER}/{name}") as file:
        kept = json.loads(file.read())
    files = [StoredFile(*each) for each in kept["files"]]
    return Kept(digest=name, erased_at=datetime.fromisoformat(kept["erased_at"]), files=files)
