"""The EMAIL_BACKEND of the site: an e-mail becomes a row, in the transaction of the change that it reports."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from calcsite.models import StaffMail


class EmailBackend(BaseEmailBackend):
    """Queues e-mails to staff for the worker, a row for each recipient. Raises ValueError for attachments."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            if message.attachments:
                raise ValueError("an e-mail to staff has no attachments")
            html = [part.content for part in getattr(message, "alternatives", []) if part.mimetype == "text/html"]
            StaffMail.objects.bulk_create(
                StaffMail(
                    to=recipient,
                    sender=message.from_email,
                    subject=message.subject,
                    text=message.body,
                    html=html[0] if html else "",
                    headers=message.extra_headers,
                )
                for recipient in message.recipients()
            )
        return len(email_messages)
