"""Messages are rows in the database first, and are kept as files where no mail server is named."""

from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.mail import send_mail
from django.db import transaction
from post_office.models import STATUS, Attachment, Email

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox(settings, tmp_path):
    settings.EMAIL_BACKEND = "post_office.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def test_a_message_waits_as_a_row_and_is_rolled_back_with_its_cause():
    send_mail("Subject", "Text", None, ["ann@clinic.example"])
    email = Email.objects.get()
    assert (email.subject, email.to, email.status) == ("Subject", ["ann@clinic.example"], STATUS.queued)
    with transaction.atomic():
        send_mail("Never", "Text", None, ["ann@clinic.example"])
        transaction.set_rollback(True)
    assert Email.objects.count() == 1


def test_without_a_mail_server_a_message_becomes_a_file(tmp_path):
    send_mail("Subject", "Good morning.", None, ["ann@clinic.example"])
    Email.objects.get().dispatch()
    assert "Good morning." in next((tmp_path / "mail").iterdir()).read_text()


def test_attachments_are_stored_without_an_address(settings):
    storage = Attachment._meta.get_field("file").storage
    assert type(storage) is type(storages["post_office_attachments"])
    assert not Path(storage.location).is_relative_to(settings.MEDIA_ROOT)
    location = settings.STORAGES["post_office_attachments"]["OPTIONS"]["location"]
    assert not Path(location).is_relative_to(settings.VAR_DIR / "media")
