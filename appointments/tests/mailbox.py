"""A patient's mailbox: received messages and their content."""

import re

import icalendar
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from appointments import message_kinds
from calcsite.mail import sending

HOSTILE = "Kim\r\nBcc: eve@elsewhere.example\v\x85\u2028\u2029{{ clinic }}{% now 'Y' %}<script>alert(1)</script>"


def deliver() -> list[EmailMultiAlternatives]:
    """Run the worker once, and return the messages that arrived."""
    before = len(mail.outbox)
    while message_kinds.send_waiting():
        pass
    sending.send_staff_mail()
    return mail.outbox[before:]


def token_in(email: EmailMultiAlternatives) -> str:
    (token,) = set(re.findall(re.escape(settings.SITE_URL) + r"/appointment/([\w-]{43})/", email.body))
    return token


def code_in(email: EmailMultiAlternatives) -> str:
    return re.search(r"^\d{6}$", email.body, re.MULTILINE).group()


def html_of(email: EmailMultiAlternatives) -> str:
    (alternative,) = email.alternatives
    return alternative[0]


def calendar_of(email: EmailMultiAlternatives) -> icalendar.Calendar:
    (file,) = email.attachments
    return icalendar.Calendar.from_ical(file[1])
