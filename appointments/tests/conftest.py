import pytest

from appointments.tests import post


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    """What the outbox sends is in `django.core.mail.outbox`."""
    settings.POST_OFFICE = settings.POST_OFFICE | post.MEMORY
