"""The last step of a message to a patient: its secret is made when it leaves, and is nowhere but in the e-mail.

The outbox keeps what it sends. So a message is composed with a mark where its link or code belongs, and the secret is
put there just before the mail server gets it. Each attempt has its own: a message that came through although the
server said otherwise still works.
"""

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from post_office.models import STATUS, Email

from appointments import access
from appointments.models import Message
from calcsite import outbox

LINK, CODE = "[[link]]", "[[code]]"


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
    """Put a link or a code where the mark is, without saving it. Whose it is says the row, not what is written."""
    message = Message.objects.select_related("appointment__slot").filter(email=email).first()
    if message is None or not message.appointment or (LINK not in email.message and CODE not in email.message):
        return
    if message.kind == Message.Kind.CODE:
        mark, secret = CODE, access.make_code(message.appointment)
    else:
        token = access.make_link(message.appointment, alone=message.kind == Message.Kind.LINK)
        mark, secret = LINK, settings.SITE_URL + reverse("patient:arrive", args=[token])
    email.message = email.message.replace(mark, secret)
    email.html_message = email.html_message.replace(mark, secret)
