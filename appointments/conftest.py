import pytest
from django.contrib.auth.models import User
from django.test import Client

from calcsite.mail.tests import mailservers
from calcsite.tests import people


@pytest.fixture(autouse=True)
def mail_in_memory(settings) -> None:
    """Sent mail is in `django.core.mail.outbox`."""
    settings.MAIL_SERVER_BACKEND = mailservers.MEMORY


@pytest.fixture(autouse=True)
def own_private_files(settings, tmp_path) -> None:
    """Private files are stored in the test's own folder."""
    private = settings.STORAGES["private"]
    own = private["OPTIONS"] | {"location": tmp_path / "private"}
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": own}}


@pytest.fixture
def coordinator() -> User:
    return people.make_person("Booking coordinator", username="bea")


@pytest.fixture
def desk(coordinator) -> Client:
    """The browser of a member of staff who books for patients."""
    client = Client()
    people.sign_in(client, coordinator)
    return client
