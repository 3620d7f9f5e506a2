"""The fixed words of booking."""

from django.db import models


class Mode(models.TextChoices):
    """How patient and clinician meet."""

    VIDEO = "video", "Video call"
    TELEPHONE = "telephone", "Telephone call"
    IN_PERSON = "in_person", "In person"


class Status(models.TextChoices):
    """Where an appointment stands. Which may follow which is in `NEXT`."""

    HELD = "held", "Held while the patient writes"
    BOOKED = "booked", "Booked, e-mail address not confirmed"
    CONFIRMED = "confirmed", "Booked, e-mail address confirmed"
    ARRIVED = "arrived", "Arrived"
    COMPLETED = "completed", "Completed"
    MISSED = "missed", "Missed"
    CANCELLED = "cancelled", "Cancelled"


NEXT: dict[str, frozenset[str]] = {
    Status.HELD: frozenset({Status.BOOKED}),
    Status.BOOKED: frozenset({Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.CANCELLED}),
    Status.CONFIRMED: frozenset({Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.CANCELLED}),
    Status.ARRIVED: frozenset({Status.COMPLETED, Status.MISSED}),
    Status.COMPLETED: frozenset(),
    Status.MISSED: frozenset({Status.ARRIVED}),
    Status.CANCELLED: frozenset(),
}
# Coming: somebody is expected. Live: the slot is taken.
COMING = (Status.BOOKED, Status.CONFIRMED)
LIVE = (Status.HELD, *COMING, Status.ARRIVED, Status.COMPLETED, Status.MISSED)
