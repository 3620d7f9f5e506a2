"""The queue of messages to patients. It knows no kind of message: the subjects register theirs (`MessageDefinition`).

A message is checked and rendered for each attempt, from the state at that time. So cancelling, moving and correcting
an address need not take messages back. Links and codes are made in memory, under the lock of the appointment's row,
anew for each attempt: an e-mail that arrived although the server reported a failure still works.

Nothing medical is in a message: no condition, no reason, no date of birth, no needs. E-mail is read by others.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from appointments.governance import audit
from appointments.messages import words
from appointments.messages.definitions import MessageDefinition
from appointments.messages.salutation import salutation_name
from appointments.models import Appointment, AuditEntry, Message
from appointments.scheduling.local_times import one_line, readings
from calcsite.context import clinic
from calcsite.errors import UserFacingError
from calcsite.mail import sending
from calcsite.models import ClinicDetails, DeliveryStatus

TEXT_CHARACTERS = 3000  # of a message from staff
RELATED = "appointment__slot__clinician", "appointment__slot__location"

Kinds = Mapping[str, MessageDefinition]


def send_waiting(kinds: Kinds) -> int:
    """Send the messages that are due. Returns how many were attempted.

    Requests by address become messages first. That needs no mail server, so staff see them during an outage too.
    """
    for request in Message.objects.due().filter(appointment=None)[: sending.ROUND_MESSAGES]:
        if request.claim():
            try:
                _find_recipients(request, kinds[request.kind], timezone.now())
            except Exception as error:
                sending.write_failure(request, error)
    return sending.send_waiting(Message.objects.exclude(appointment=None), partial(compose, kinds=kinds))


@transaction.atomic
def _find_recipients(request: Message, kind: MessageDefinition, at: datetime) -> None:
    """Turn a request that names an address into a message for each of its appointments, and forget the address."""
    kind.find_appointments(request, at)
    request.finish(DeliveryStatus.DROPPED, text="")


def compose(message: Message, *, kinds: Kinds) -> EmailMultiAlternatives | None:
    """The e-mail for a leased message; None when there is nothing to send any more."""
    kind, now = kinds[message.kind], timezone.now()
    prepared = _prepare(message, kind, now)
    return _render(*prepared, kind, now) if prepared else None


@transaction.atomic
def _prepare(leased: Message, kind: MessageDefinition, at: datetime) -> tuple[Message, dict[str, str]] | None:
    """The message as its appointment is now, and its secret; None after writing a final state.

    The appointment's row is locked before anything is read of it: PostgreSQL reads joined rows as they were before the
    change that the lock waited for. Raises ValidationError for an address to which no e-mail can go.
    """
    row = Appointment.objects.filter(pk=leased.appointment_id).order_by()  # by no slot, which would be locked too
    list(row.select_for_update(no_key=True).values_list("pk"))
    message = leased.leased().select_related(*RELATED).first()
    if message is None:  # erased, or taken back meanwhile
        return None
    if not message.appointment.email or not kind.is_true(message, at):
        message.finish(DeliveryStatus.DROPPED)
        return None
    if kind.expires_at and kind.expires_at(message) <= at:
        message.finish(DeliveryStatus.EXPIRED)
        return None
    validate_email(message.appointment.email)
    return message, kind.secret(message) if kind.secret else {}


def _render(message: Message, secret: dict[str, str], kind: MessageDefinition, at: datetime) -> EmailMultiAlternatives:
    """The e-mail of a message. Words of patients go into it as values, never as a template."""
    details = ClinicDetails.current()
    found = words.render(kind.template, _context(message) | {"clinic": details} | kind.context(message) | secret)
    email = EmailMultiAlternatives(
        subject=one_line(found.subject),
        body=found.text,
        from_email=_sender(details),
        to=[message.appointment.email],
        headers={"Message-ID": message.message_id, "Reply-To": details.email},
    )
    email.attach_alternative(found.html, "text/html")
    if kind.attachment:
        email.attach(*kind.attachment(message, at))
    return email


def _context(message: Message) -> dict[str, Any]:
    appointment = message.appointment
    return clinic() | {
        "appointment": appointment,
        "name": salutation_name(appointment),
        "clinician": one_line(appointment.slot.clinician.name),
        "readings": readings(appointment),
        "message": message,
    }


def _sender(details: ClinicDetails) -> str:
    """The From address, under the name that the settings give it, or else the clinic's."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    name = re.sub(r'[<>"\\]', "", one_line(name or details.name))
    return f'"{name}" <{address}>'


@transaction.atomic
def send_from_staff(
    *, appointment: Appointment, text: str, by: AbstractBaseUser, at: datetime | None = None
) -> Message:
    """Queue a message from staff to a patient. Raises UserFacingError when it is empty or there is no address."""
    now, text = at or timezone.now(), text.strip()
    if not text or len(text) > TEXT_CHARACTERS:
        raise UserFacingError(f"Write a message of up to {TEXT_CHARACTERS} characters.")
    try:
        validate_email(appointment.email)
    except ValidationError as error:
        raise UserFacingError("This patient has no e-mail address that works. Telephone them.") from error
    audit.record(AuditEntry.Action.MESSAGED, appointment, by=by)
    return Message.objects.create(
        appointment=appointment, kind=Message.Kind.STAFF, text=text, due_at=now, created_at=now
    )


def take_back_secrets(appointment: Appointment) -> None:
    """Drop the links and codes that wait to be sent. The caller has changed or locked the appointment's row."""
    waiting = Message.objects.filter(appointment=appointment, status=DeliveryStatus.WAITING)
    waiting.filter(kind__in=Message.SECRET_ONLY).update(
        status=DeliveryStatus.DROPPED, leased_until=None, last_error=""
    )


def retry_at_once(appointment: Appointment) -> None:
    """Have the waiting messages attempted again now, to the corrected address.

    An attempt in flight to the old address loses its lease, so that its outcome is not written.
    """
    waiting = Message.objects.filter(appointment=appointment, status=DeliveryStatus.WAITING)
    waiting.update(next_attempt_at=None, leased_until=None)


@transaction.atomic
def acknowledge(*, message: Message, by: AbstractBaseUser, at: datetime | None = None) -> None:
    """Note that a member of staff has dealt with a message that failed. The first one is on record."""
    unhandled = Message.objects.filter(pk=message.pk, handled_at=None)
    if unhandled.update(handled_at=at or timezone.now(), handled_by=by) == 1 and message.appointment:
        detail = f"Dealt with a message that failed: {message.get_kind_display()}"
        audit.record(AuditEntry.Action.MESSAGED, message.appointment, by=by, detail=detail)
