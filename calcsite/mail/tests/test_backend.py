"""E-mails to staff are rows in the database first, and are kept as files where no mail server is named."""

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction

from calcsite.mail import sending
from calcsite.models import DeliveryStatus, StaffMail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queue(settings, tmp_path):
    settings.EMAIL_BACKEND = "calcsite.mail.backend.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def test_a_message_waits_as_a_row_and_is_rolled_back_with_its_cause():
    send_mail("Subject", "Text", None, ["ann@clinic.example"])
    email = StaffMail.objects.get()
    assert (email.subject, email.to, email.status) == ("Subject", "ann@clinic.example", DeliveryStatus.WAITING)
    with transaction.atomic():
        send_mail("Never", "Text", None, ["ann@clinic.example"])
        transaction.set_rollback(True)
    assert StaffMail.objects.count() == 1


def test_without_a_mail_server_a_message_becomes_a_file(tmp_path):
    send_mail("Subject", "Good morning.", None, ["ann@clinic.example"])
    assert sending.send_staff_mail() == 1
    assert "Good morning." in next((tmp_path / "mail").iterdir()).read_text()


def test_both_parts_and_the_headers_of_a_message_reach_each_recipient():
    message = EmailMultiAlternatives(
        "Hello", "Text", "site@clinic.example", ["ann@clinic.example"], cc=["ben@x.example"]
    )
    message.extra_headers["X-Of"] = "ours"
    message.attach_alternative("<p>Text</p>", "text/html")
    assert message.send() == 1
    sent = [sending.compose_staff_mail(row) for row in StaffMail.objects.order_by("pk")]
    assert [email.to for email in sent] == [["ann@clinic.example"], ["ben@x.example"]]
    for email in sent:
        assert (email.subject, email.body, email.from_email) == ("Hello", "Text", "site@clinic.example")
        assert email.alternatives[0].content == "<p>Text</p>"
        assert email.extra_headers["X-Of"] == "ours"


def test_a_message_with_a_file_is_refused_at_once():
    message = EmailMessage("Hello", "Text", None, ["ann@clinic.example"])
    message.attach("list.txt", "content", "text/plain")
    with pytest.raises(ValueError, match="no attachments"):
        message.send()
