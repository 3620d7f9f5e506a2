"""What patients agree to when they book, when they send files, and when they take over what they had ticked before.

Each wording has a version, and its own template, which is never changed. What somebody has agreed to, and how they
take it back, is in `agreements`.
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
    """Put on record that the patient agrees to the wording of today. While they agree it is there once, with its time.

    The consent to the booking itself is on the appointment.
    """
    given = Consent(appointment=appointment, kind=kind, version=VERSIONS[kind], given_at=at or timezone.now())
    Consent.objects.bulk_create([given], ignore_conflicts=True)
