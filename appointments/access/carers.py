"""Carer links: each lets a carer see the time, place and mode of an appointment, and its checklist.

It shows no answers, no reason and no name, and changes nothing. The patient makes it, sees it once, and can end it. It
ends when the appointment is cancelled, and at the age at which a patient's own link ends. Only a digest is stored.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from appointments.access import links
from appointments.choices import Status
from appointments.governance import audit
from appointments.models import Appointment, AuditEntry, CarerLink
from calcsite.errors import UserFacingError
from calcsite.security.tokens import digest_of, new_token

SESSION = "appointment_carer"  # the session's key of the link that a carer came by
USABLE_LINKS = 5  # at the same time, for one appointment
CARER = "a carer"


@transaction.atomic
def make(*, appointment: Appointment, name: str, at: datetime | None = None) -> str:
    """A new link for the person called `name`. Returns its token, which is stored nowhere.

    Raises UserFacingError when there are many links already, or the appointment is cancelled.
    """
    now = at or timezone.now()
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if row.status == Status.CANCELLED:
        raise UserFacingError("This appointment is cancelled.")
    if usable(now).filter(appointment=row).count() >= USABLE_LINKS:
        raise UserFacingError(f"You have {USABLE_LINKS} links already. End one of them first.")
    token = new_token()
    expires = max(row.slot.starts, now) + links.LINK_VALID_AFTER
    CarerLink.objects.create(appointment=row, name=name, digest=digest_of(token), made_at=now, expires_at=expires)
    audit.record(AuditEntry.Action.CHANGED, row, by=audit.PATIENT, detail="Carer link made")
    return token


@transaction.atomic
def end(*, link: CarerLink, at: datetime | None = None) -> None:
    """End a link at once. Ended twice it is ended once."""
    if CarerLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=at or timezone.now()) == 1:
        audit.record(AuditEntry.Action.CHANGED, link.appointment, by=audit.PATIENT, detail="Carer link ended")


def end_all(*, appointment: Appointment, at: datetime | None = None) -> None:
    """End every link of an appointment, for example those made by a stranger before a correction of the address."""
    for link in usable(at).filter(appointment=appointment):
        end(link=link, at=at)


def usable(at: datetime | None = None) -> QuerySet[CarerLink]:
    """The links that still open something."""
    return CarerLink.objects.usable(at).exclude(appointment__status=Status.CANCELLED)


def find(token: str, *, at: datetime | None = None) -> CarerLink | None:
    """The link that a token opens. Finding it changes nothing: scanners open every link."""
    return links.find_among(usable(at), token)


def enter(token: str, *, at: datetime | None = None) -> CarerLink:
    """Let a carer in by their token. Raises UserFacingError when it opens nothing, or nothing any more."""
    return links.let_in(find(token, at=at), by=CARER)
