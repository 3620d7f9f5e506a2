import pytest

from appointments.tests import post


@pytest.fixture(autouse=True)
def mail_in_memory(settings, tmp_path) -> None:
    """What the outbox sends is in `django.core.mail.outbox`, and what is attached in the test's own folder."""
    settings.POST_OFFICE = settings.POST_OFFICE | post.MEMORY
    storages = {name: dict(storage) for name, storage in settings.STORAGES.items()}
    storages["post_office_attachments"]["OPTIONS"] = {"location": tmp_path / "attachments"}
    storages["private"]["OPTIONS"] = storages["private"]["OPTIONS"] | {"location": tmp_path / "private"}
    settings.STORAGES = storages
