"""A patient's way back in: by an e-mailed link, and for medical pages by an e-mailed code too.

Only digests of the secrets are stored. A link opens one appointment: it ends when the appointment is cancelled, when
the patient asks for another one, and 90 days after the appointment; to read an opinion later the patient asks for a
new one. A code is six digits, valid once, for ten minutes and for five guesses.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from appointments.choices import Status
from appointments.governance import audit, tombstones
from appointments.messages import queue
from appointments.models import Appointment, AuditEntry, Code, Message, PatientLink
from appointments.models.access import Link
from calcsite.errors import UserFacingError
from calcsite.security import limits
from calcsite.security.tokens import digest_of, new_token

SESSION = "appointment_link"  # the session's key of the link that a patient came by
TOKEN_LENGTH = 43  # as `new_token` makes them
LINK_VALID_AFTER = timedelta(days=90)  # after the appointment
CODE_VALID = timedelta(minutes=10)
CODE_AWAITED = timedelta(hours=1)  # after it was asked for; later it is not sent any more
GUESSES_A_CODE = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CODES_AN_HOUR, GUESSES_A_DAY = 5, 20  # for one appointment
LINKS_AN_HOUR, LINKS_AN_HOUR_AND_NETWORK = 3, 20

USED_UP = "That code does not work any more. Ask for a new one."
STILL_SENDING = "We are still sending your code. Wait until it is there, and type it then."


@transaction.atomic(savepoint=False)
def make_link(appointment: Appointment, *, alone: bool = False, at: datetime | None = None) -> str:
    """A new link's token. With `alone` those before it end: it was asked for because they are lost, or elsewhere."""
    now, token = at or timezone.now(), new_token()
    if alone:
        PatientLink.objects.filter(appointment=appointment, ended_at=None).update(ended_at=now)
    expires = max(appointment.slot.starts, now) + LINK_VALID_AFTER
    PatientLink.objects.create(appointment=appointment, digest=digest_of(token), made_at=now, expires_at=expires)
    return token


def end_all(appointment: Appointment, *, at: datetime) -> None:
    """End every link and every code of an appointment, those included that wait to be sent.

    The caller has changed or locked the appointment's row in this transaction.
    """
    PatientLink.objects.filter(appointment=appointment, ended_at=None).update(ended_at=at)
    Code.objects.filter(appointment=appointment, used_at=None, expires_at__gt=at).update(expires_at=at)
    queue.take_back_secrets(appointment)


def usable_links(at: datetime | None = None) -> QuerySet[PatientLink]:
    """Links that still open their appointment, with the rows that a page shows of it."""
    return PatientLink.objects.usable(at)


def ended_by_cancelling(link: int) -> bool:
    """Whether a link opened its appointment until that was cancelled, and would otherwise open it still."""
    ended = PatientLink.objects.filter(pk=link, ended_at=F("appointment__cancelled_at"))
    return ended.filter(appointment__status=Status.CANCELLED).exists()


def find_link(token: str, *, at: datetime | None = None) -> PatientLink | None:
    """The link that a token opens, if it still opens one. Finding it changes nothing: scanners open every link."""
    return find_among(usable_links(at), token)


def find_among(links: QuerySet[Link], token: str) -> Link | None:
    """The one of some links that a token opens."""
    return links.filter(digest=digest_of(token)).first() if len(token) == TOKEN_LENGTH else None


def enter(token: str, *, at: datetime | None = None) -> PatientLink:
    """The link of a token. Raises AccessError for an unknown or ended one."""
    return let_in(find_link(token, at=at), by=audit.PATIENT)


def let_in(link: Link | None, *, by: str) -> Link:
    """Record the use of a link. Raises UserFacingError without a link, and when its appointment is erased."""
    if link is None or tombstones.is_erased(link.appointment):
        raise UserFacingError("This link does not work any more.")
    audit.record(AuditEntry.Action.ENTERED, link.appointment, by=by)
    return link


def ask_for_link(email: str, *, network: str, at: datetime | None = None) -> None:
    """Send the links of an address's upcoming appointments to it again.

    The work here is the same for known and unknown addresses: the worker looks them up. Raises AccessError above the
    limit of a network. Requests above the limit of an address are ignored silently.
    """
    now = at or timezone.now()
    if not limits.allow(scope="link network", key=network, limit=LINKS_AN_HOUR_AND_NETWORK, per=HOUR, at=now):
        raise UserFacingError("You have asked for too many links. Wait an hour, or call us.")
    if limits.allow(scope="link address", key=email.casefold(), limit=LINKS_AN_HOUR, per=HOUR, at=now):
        Message.objects.create(kind=Message.Kind.LINK, text=email, due_at=now, created_at=now)


def ask_for_code(appointment: Appointment, *, at: datetime | None = None) -> None:
    """Have a new code sent to the patient. Raises UserFacingError when that was asked too often."""
    now = at or timezone.now()
    if not limits.allow(scope="code", key=str(appointment.pk), limit=CODES_AN_HOUR, per=HOUR, at=now):
        raise UserFacingError("You have asked for too many codes. Wait an hour, or call us.")
    Message.objects.create(appointment=appointment, kind=Message.Kind.CODE, due_at=now, created_at=now)


def make_code(appointment: Appointment, *, at: datetime | None = None) -> str:
    """A new code of six digits. Those before it are of no use any more."""
    now, code = at or timezone.now(), f"{secrets.randbelow(10**6):06}"
    Code.objects.create(
        appointment=appointment, digest=_keyed(appointment, code), made_at=now, expires_at=now + CODE_VALID
    )
    return code


def check_code(appointment: Appointment, guess: str, *, at: datetime | None = None) -> None:
    """Use up the newest code. Raises UserFacingError when `guess` is not it, or when it is no good any more.

    Guesses are counted before they are compared, in one statement, so that no number of them at once gets more.
    """
    now = at or timezone.now()
    if not limits.allow(scope="guess", key=str(appointment.pk), limit=GUESSES_A_DAY, per=DAY, at=now):
        raise UserFacingError("There were too many wrong codes today. Try again tomorrow, or call us.")
    code = Code.objects.filter(appointment=appointment).order_by("-pk").first()
    usable = Code.objects.filter(pk=code.pk if code else None, used_at=None, expires_at__gt=now)
    if usable.filter(guesses__lt=GUESSES_A_CODE).update(guesses=F("guesses") + 1) != 1:
        raise UserFacingError(STILL_SENDING if _is_on_its_way(appointment, code, now) else USED_UP)
    if not constant_time_compare(code.digest, _keyed(appointment, guess)):
        raise UserFacingError("That is not the code in our newest e-mail. Look at it again.")
    if usable.update(used_at=now) != 1:
        raise UserFacingError(USED_UP)


def _is_on_its_way(appointment: Appointment, newest: Code | None, at: datetime) -> bool:
    """Whether a code was asked for that is not made yet: each is made when its e-mail leaves."""
    asked = Message.objects.filter(appointment=appointment, kind=Message.Kind.CODE, created_at__gt=at - CODE_VALID)
    return (asked.filter(created_at__gt=newest.made_at) if newest else asked).exists()


def _keyed(appointment: Appointment, code: str) -> str:
    """The stored digest of a code. There are only a million codes, so the digest needs a key.

    The address is part of it: a code sent to one address is invalid for another.
    """
    salt = f"appointments.code.{appointment.pk}.{appointment.email}"
    return salted_hmac(salt, code, algorithm="sha256").hexdigest()
