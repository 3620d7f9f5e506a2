"""Messages to patients: from a row that says what to tell, through what is true when it is told, to the outbox.

Nothing medical is in them: no condition, no reason, no date of birth, no needs. E-mail is read by others.
"""

import logging
import re
import uuid
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from post_office import mail
from post_office.models import STATUS, Email

from appointments.access import links
from appointments.booking import booking
from appointments.booking.calendar_file import calendar_file
from appointments.governance import audit
from appointments.messages.delivery import BRINGERS, CODE, LINK
from appointments.messages.salutation import name_to_greet
from appointments.models import Appointment, AuditEntry, Message, Offer, RecoveryPlan
from appointments.preparation import readiness
from appointments.scheduling.local_times import one_line, reading, readings, zone_of
from calcsite.context import clinic
from calcsite.errors import UserFacingError
from calcsite.models import ClinicDetails

MOST = 200  # messages of one round: other work waits
STUCK = timedelta(hours=1)  # after which somebody should know
LONGEST_TEXT = 3000  # characters of a message from staff

Kind = Message.Kind
METHODS = {Kind.CONFIRMATION: "REQUEST", Kind.CHANGE: "REQUEST", Kind.CANCELLATION: "CANCEL"}

logger = logging.getLogger(__name__)


def compose_due(at: datetime | None = None) -> int:
    """Put the messages whose time has come into the outbox. Returns how many rows were dealt with.

    Any number of workers may do this at once: a row is taken in the transaction that writes the e-mail. One that fails
    is logged, keeps no other waiting, and is tried again, later each time.
    """
    now = at or timezone.now()
    done = 0
    for key in list(Message.objects.due(now).values_list("pk", flat=True)):
        try:
            done += _compose(key, now)
        except Exception:
            logger.exception("message %s could not be composed", key)
            _put_off(key, now)
        if done >= MOST:
            break
    return done


def _put_off(key: int, at: datetime) -> None:
    """Have a message composed later: it waits as long again as it has waited, for a minute to an hour."""
    for due in Message.objects.filter(pk=key, composed_at=None).values_list("due_at", flat=True):
        wait = min(max(at - due, timedelta(minutes=1)), timedelta(hours=1))
        Message.objects.filter(pk=key, composed_at=None).update(not_before=at + wait)


@transaction.atomic
def _compose(key: int, at: datetime) -> bool:
    """Whether this worker was the one. A message that has nothing to say any more is done without an e-mail."""
    if Message.objects.filter(pk=key, composed_at=None).update(composed_at=at) != 1:
        return False
    related = "appointment__slot__clinician", "appointment__slot__location"
    message = Message.objects.select_related(*related).get(pk=key)
    if message.appointment is None:
        _find_whose(message, at)
    elif message.appointment.email and says_something(message, at):
        Message.objects.filter(pk=key).update(email=_write(message, at))
    return True


def says_something(message: Message, at: datetime) -> bool:
    """Whether a message is still true and of use. What moved meanwhile has a newer message of its own."""
    appointment = message.appointment
    match message.kind:
        case Kind.CONFIRMATION | Kind.CHANGE:
            return message.is_about(appointment) and appointment.is_coming(at)
        case Kind.REMINDER:
            ahead = appointment.slot.starts - at
            overtaken = any(before.days < message.number and ahead <= before for before in booking.REMINDERS)
            return message.is_about(appointment) and appointment.is_coming(at) and not overtaken
        case Kind.LINK | Kind.OPINION:
            return appointment.is_reachable(at)
        case Kind.CODE:
            return at < message.created_at + links.CODE_VALID
        case Kind.NUDGE:
            return readiness.is_open(appointment, at)
        case Kind.OFFER:
            return Offer.objects.open(at).filter(pk=message.number).exists() and appointment.is_coming(at)
        case Kind.RECOVERY:
            return RecoveryPlan.objects.filter(pk=message.number, ended_at=None).exists()
    return True


def _find_whose(message: Message, at: datetime) -> None:
    """Turn “send me my link again” into a message for each appointment of the address; forget the address."""
    for appointment in Appointment.objects.reachable(at).of_address(message.text):
        key = f"link-{message.pk}-{appointment.pk}"
        Message.objects.create(appointment=appointment, kind=Kind.LINK, key=key, due_at=at, created_at=at)
    Message.objects.filter(pk=message.pk).update(text="")


def _write(message: Message, at: datetime) -> Email:
    """The e-mail for a message, in the outbox. What patients wrote goes into it as values, never as a template."""
    appointment = message.appointment
    context = _context(message)
    text = render_to_string(f"appointments/emails/{message.kind}.txt", context)
    subject, _, text = text.partition("\n\n")
    parts = {
        "subject": one_line(subject),
        "text": text,
        "html": render_to_string(f"appointments/emails/{message.kind}.html", context),
    }
    return mail.send(
        appointment.email,
        sender=_sender(),
        headers={"Reply-To": ClinicDetails.current().email},
        subject="{{ subject|safe }}",  # plain text: nothing in it is HTML
        message="{{ text|safe }}",
        html_message="{{ html }}",
        context=parts,
        attachments=_attachments(message, at),
        expires_at=_useless_from(message),
        # Somebody sits and waits. And a link ends those before it: what leaves with it brings its own after that.
        priority="high" if message.kind in BRINGERS else None,
    )


def _sender() -> str:
    """The address that mail comes from, under the name that the settings give it, or else the clinic's."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    name = re.sub(r'[<>"\\]', "", one_line(name or ClinicDetails.current().name))
    return f'"{name}" <{address}>'


def _context(message: Message) -> dict[str, Any]:
    appointment = message.appointment
    return clinic() | {
        "appointment": appointment,
        "name": name_to_greet(appointment),
        "clinician": one_line(appointment.slot.clinician.name),
        "readings": readings(appointment),
        "link": LINK,
        "code": CODE,
        "message": message,
        "offered": _offered(message),
        "has_file": message.kind in METHODS,
    }


def _offered(message: Message) -> dict[str, Any] | None:
    """What an offer says: another time than the appointment's, and until when it is kept in mind."""
    if message.kind != Kind.OFFER:
        return None
    offer = Offer.objects.select_related("slot__clinician", "entry").get(pk=message.number)
    zone = zone_of(message.appointment)
    return {
        "readings": readings(message.appointment, slot=offer.slot),
        "clinician": one_line(offer.slot.clinician.name),
        "until": reading(offer.expires_at, offer.expires_at, zone),
        "is_the_last": offer.entry.is_at_the_last,
    }


def _attachments(message: Message, at: datetime) -> dict[str, dict[str, Any]] | None:
    if message.kind not in METHODS:
        return None
    method = METHODS[message.kind]
    file = ContentFile(calendar_file(message.appointment, method=method, at=at))
    return {"appointment.ics": {"file": file, "mimetype": f"text/calendar; method={method}"}}


def _useless_from(message: Message) -> datetime | None:
    """When the outbox should give up: nobody wants a reminder of what has been, an old code or a late offer."""
    if message.kind == Kind.CODE:
        return message.created_at + links.HOUR
    if message.kind == Kind.OFFER:
        return Offer.objects.get(pk=message.number).expires_at
    return message.appointment.slot.starts if message.kind == Kind.REMINDER else None


@transaction.atomic
def send_from_staff(
    *, appointment: Appointment, text: str, by: AbstractBaseUser, at: datetime | None = None
) -> Message:
    """Have a message from staff sent to a patient. Raises UserFacingError when it is empty or there is no address."""
    now, text = at or timezone.now(), text.strip()
    if not text or len(text) > LONGEST_TEXT:
        raise UserFacingError(f"Write a message of up to {LONGEST_TEXT} characters.")
    try:
        validate_email(appointment.email)
    except ValidationError as error:
        raise UserFacingError("This patient has no e-mail address that works. Telephone them.") from error
    audit.record(AuditEntry.Action.MESSAGED, appointment, by=by)
    key = f"staff-{uuid.uuid4()}"
    return Message.objects.create(
        appointment=appointment, kind=Kind.STAFF, key=key, text=text, due_at=now, created_at=now
    )


def failed(at: datetime | None = None) -> QuerySet[Message]:
    """Messages that did not reach their patient, and may not: somebody has to telephone. The oldest first.

    The mail server refused them for good; or they have not left the outbox for an hour, whatever the reason, or went
    out of date in it; or they cannot be composed. Those that somebody has dealt with are not among them, and no offer
    that is over: there is nothing left to tell.
    """
    now = at or timezone.now()
    waiting = Q(email__status__in=[STATUS.queued, STATUS.requeued])
    refused = Q(email__status=STATUS.failed)
    is_late = Q(email__expires_at__lte=now)
    unsent = waiting & (Q(composed_at__lte=now - STUCK) | is_late) & ~(is_late & Q(kind=Kind.OFFER))
    stuck = Q(composed_at=None, due_at__lte=now - STUCK)
    found = Message.objects.filter(refused | unsent | stuck, handled_at=None).exclude(appointment=None)
    return found.exclude(kind=Kind.CODE).select_related("appointment", "email").order_by("created_at", "pk")


@transaction.atomic
def acknowledge(*, message: Message, by: AbstractBaseUser, at: datetime | None = None) -> None:
    """Note that somebody has dealt with a message that failed. The first one to say so is on record."""
    unhandled = Message.objects.filter(pk=message.pk, handled_at=None)
    if unhandled.update(handled_at=at or timezone.now(), handled_by=by) == 1 and message.appointment:
        detail = f"Dealt with a message that failed: {message.get_kind_display()}"
        audit.record(AuditEntry.Action.MESSAGED, message.appointment, by=by, detail=detail)
