"""The last step of a message to a patient: its secret is made when it leaves, and is nowhere but in the e-mail.

The outbox keeps what it sends. So a message is composed with a mark where its link or code belongs, and the secret is
put there just before the mail server gets it. Each attempt has its own: a message that came through although the
server said otherwise still works.

Between the two an appointment can be cancelled or moved, and an address corrected. So whoever does that takes back
what has not left (`close_ways_in`, `take_back_times`), and a secret is made only for the address and the time that the
appointment has then, while a link may lead to it; an offer leaves only while it can be answered. Both happen under the
lock of the appointment's row.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email

from appointments.access import links
from appointments.models import Appointment, Message, Offer
from calcsite import outbox

LINK, CODE = "\x1elink\x1e", "\x1ecode\x1e"  # nobody can type these: fields refuse control characters
# Sent for their secret alone. The others have something to say besides.
BRINGERS = (Message.Kind.LINK, Message.Kind.CODE)


def send_waiting() -> int:
    """Send what waits in the outbox, with its secrets. Returns how many messages were tried."""
    tried = outbox.send_waiting(finish=put_secret_in)
    if tried:
        note_sent()
    return tried


def note_sent() -> None:
    """Note with each message when it was sent: the outbox forgets. What an earlier round left is noted too."""
    sent = Email.objects.filter(pk=OuterRef("email")).values("last_updated")
    Message.objects.filter(email__status=STATUS.sent, sent_at=None).update(sent_at=Subquery(sent))


def put_secret_in(email: Email) -> None:
    """Put a link or a code where the mark is, without saving it. Whose it is says the row, not what is written.

    Raises WithdrawnError when it would open something to somebody else, or lead nowhere, and when the e-mail is gone:
    its patient may have been erased since the worker took it in hand.
    """
    if not Email.objects.filter(pk=email.pk).exists():
        raise outbox.WithdrawnError
    message = Message.objects.filter(email=email).first()
    if message is None or not message.appointment_id or (LINK not in email.message and CODE not in email.message):
        return
    found = _make_secret(message, email)
    if found is None:
        raise outbox.WithdrawnError
    mark, secret = found
    email.message = email.message.replace(mark, secret)
    email.html_message = email.html_message.replace(mark, secret)


@transaction.atomic
def _make_secret(message: Message, email: Email) -> tuple[str, str] | None:
    """The mark and what belongs there; None, and the e-mail is taken back, when the patient should not have it."""
    now = timezone.now()
    appointment = Appointment.objects.select_for_update(no_key=True).filter(pk=message.appointment_id).first()
    if appointment is None:  # erased this very moment
        return None
    is_reachable = Appointment.objects.reachable(now).filter(pk=appointment.pk).exists()
    is_late = message.kind == Message.Kind.OFFER and not Offer.objects.open(now).filter(pk=message.number).exists()
    is_true = is_reachable and message.is_about(appointment)
    if is_late or not is_true or appointment.email not in email.to:
        _take_back(Email.objects.filter(pk=email.pk))
        return None
    if message.kind == Message.Kind.CODE:
        return CODE, links.make_code(appointment)
    token = links.make_link(appointment, alone=message.kind == Message.Kind.LINK)
    return LINK, settings.SITE_URL + reverse("patient:arrive", args=[token])


def close_ways_in(appointment: Appointment, *, at: datetime) -> None:
    """End the links and codes of an appointment, those included that wait in the outbox.

    The caller has locked the row, or changed it, in this transaction.
    """
    links.end_all(appointment, at=at)
    carries = Q(message__contains=LINK) | Q(message__contains=CODE)
    _take_back(Email.objects.filter(carries, patient_message__appointment=appointment))


def take_back_times(appointment: Appointment) -> None:
    """Take back what waits in the outbox and says when an appointment is, which has just been moved.

    The caller has changed the row in this transaction. What was sent for its secret alone says no time.
    """
    waiting = Email.objects.filter(patient_message__appointment=appointment)
    _take_back(waiting.exclude(patient_message__kind__in=BRINGERS))


def _take_back(emails: QuerySet[Email]) -> None:
    """Delete e-mails that have not left. What they have to say besides a secret is composed again, as it is then."""
    unsent = emails.filter(status__in=[STATUS.queued, STATUS.requeued]).order_by("pk")
    keys = list(unsent.select_for_update(of=("self",)).values_list("pk", flat=True))
    again = Message.objects.filter(email__in=keys).exclude(kind__in=BRINGERS)
    again.update(composed_at=None, email=None)
    Email.objects.filter(pk__in=keys).delete()
