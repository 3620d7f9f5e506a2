"""The patient's consents to booking, to sending files, and to taking over the ticks made before the booking.

Each wording has a version and its own template, which is never changed. Reading and withdrawing a consent is in
`appointments.privacy.withdrawal`.
"""

from datetime import datetime

from django.utils import timezone

from appointments.choices import ConsentKind
from appointments.models import Appointment, Consent

VERSION = "2026-11"
TICKS_VERSION = "2026-11"
TEMPLATE = f"appointments/governance/consents/{VERSION}.html"
DOCUMENTS_VERSION = "2026-11"
DOCUMENTS_TEMPLATE = f"appointments/governance/consents/documents-{DOCUMENTS_VERSION}.html"
TICKS_TEMPLATE = f"appointments/governance/consents/ticks-{TICKS_VERSION}.html"
VERSIONS = {ConsentKind.DOCUMENTS: DOCUMENTS_VERSION, ConsentKind.TICKS: TICKS_VERSION}


def give(*, appointment: Appointment, kind: ConsentKind, at: datetime | None = None) -> None:
    """Record the patient's consent to the current wording. A consent in force is not repeated.

    The consent to the booking itself is on the appointment.
    """
    given = Consent(appointment=appointment, kind=kind, version=VERSIONS[kind], given_at=at or timezone.now())
    Consent.objects.bulk_create([given], ignore_conflicts=True)
