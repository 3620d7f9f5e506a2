"""The number of database statements for one message."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import message_kinds
from appointments.models import Message
from appointments.tests.factories import make_appointment

STATEMENTS = 14


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["confirmation", "cancellation", "reminder", "link", "code", "staff"])
def test_one_message_takes_few_statements(kind):
    appointment = make_appointment()
    Message.objects.all().delete()
    Message.objects.create(
        appointment=appointment, kind=kind, sequence=0, days_before=1 if kind == "reminder" else None, text="Hello"
    )
    with CaptureQueriesContext(connection) as queries:
        assert message_kinds.send_waiting() == 1
    assert len(mail.outbox) == 1
    assert len(queries) <= STATEMENTS, "\n".join(query["sql"] for query in queries)
