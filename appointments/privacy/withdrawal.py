"""A patient's consents, with their wording, and how they are withdrawn.

The consent to the booking itself is on the appointment (`consent_version`, `consented_at`); every other one is a row
of Consent. A withdrawn consent stays on record, with its time.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from appointments.booking import booking
from appointments.choices import ConsentKind
from appointments.documents import documents
from appointments.governance import audit
from appointments.governance.legal_holds import HeldError
from appointments.models import Appointment, AuditEntry, Consent
from appointments.privacy import erasure

BOOKING, DOCUMENTS = ConsentKind.BOOKING, ConsentKind.DOCUMENTS


@dataclass(frozen=True)
class Agreement:
    """One consent as the patient's page shows it."""

    kind: ConsentKind
    version: str
    given_at: datetime
    withdrawn_at: datetime | None = None

    @property
    def templates(self) -> list[str]:
        """The templates of its wording, best first. The wording of a version is never changed."""
        name = self.version if self.kind == BOOKING else f"{self.kind}-{self.version}"
        return [f"appointments/governance/consents/{name}.html", "appointments/governance/consents/_none.html"]


def of(appointment: Appointment) -> list[Agreement]:
    """All consents of a patient, the oldest first, withdrawn ones included."""
    rows = [
        Agreement(ConsentKind(row.kind), row.version, row.given_at, row.withdrawn_at)
        for row in appointment.consents.order_by("given_at", "pk")
    ]
    if appointment.consented_at and all(row.kind != BOOKING for row in rows):
        rows.insert(0, Agreement(BOOKING, appointment.consent_version, appointment.consented_at))
    return rows


def given(appointment: Appointment, kind: str) -> Agreement | None:
    """The consent of one kind that is in force."""
    return next((each for each in of(appointment) if each.kind == kind and each.withdrawn_at is None), None)


@transaction.atomic
def withdraw(
    *, appointment: Appointment, kind: str, and_erase: bool = False, at: datetime | None = None
) -> ConsentKind:
    """Withdraw a consent, with its consequences. No effect if none is in force.

    Documents: those that the patient sent are deleted. Booking: an upcoming appointment is cancelled, and with
    `and_erase` erasure is asked for. Raises UserFacingError if a legal hold forbids it.
    """
    now = at or timezone.now()
    # The first lock, as in `erasure.erase`, so that the two run one after the other.
    appointment = Appointment.objects.select_for_update(no_key=True).get(pk=appointment.pk)
    found = given(appointment, kind)
    if found is None:
        return ConsentKind(kind)
    audit.record(
        AuditEntry.Action.CHANGED, appointment, by=audit.PATIENT, detail=f"Consent withdrawn: {found.kind.value}"
    )
    if found.kind == DOCUMENTS:
        _delete_documents(appointment)
    _note(appointment, found, now)
    if found.kind == BOOKING:
        _end_booking(appointment, and_erase=and_erase, at=now)
    return found.kind


def _note(appointment: Appointment, found: Agreement, at: datetime) -> None:
    rows = Consent.objects.filter(appointment=appointment, kind=found.kind, withdrawn_at=None)
    if not rows.update(withdrawn_at=at):
        Consent.objects.create(
            appointment=appointment,
            kind=found.kind,
            version=found.version,
            given_at=found.given_at,
            withdrawn_at=at,
        )


def _end_booking(appointment: Appointment, *, and_erase: bool, at: datetime) -> None:
    if and_erase:
        erasure.ask(appointment=appointment, at=at)
    if appointment.is_coming(at):
        booking.cancel(appointment=appointment, at=at)


def _delete_documents(appointment: Appointment) -> None:
    try:
        documents.remove_sent(appointment=appointment)
    except HeldError as error:
        raise HeldError("We have to keep your records for now. Call us, and we tell you why.") from error
