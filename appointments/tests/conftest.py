import pytest

from appointments.tests import post


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    """What the outbox sends is in `django.core.mail.outbox`."""
    settings.POST_OFFICE = settings.POST_OFFICE | post.MEMORY


@pytest.fixture(autouse=True)
def own_private_files(settings, tmp_path) -> None:
    """What patients send is in the test's own folder."""
    private = settings.STORAGES["private"]
    own = private["OPTIONS"] | {"location": tmp_path / "private"}
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": own}}
