import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db


def test_a_database_from_before_the_first_release_is_refused():
    MigrationRecorder(connection).record_applied("appointments", "0001_booking")
    with pytest.raises(CommandError, match=r"before version 0\.1\.0.*start afresh"):
        call_command("migrate", verbosity=0)


def test_a_database_of_this_release_is_migrated_with_nothing_to_do(capsys):
    call_command("migrate")
    assert "No migrations to apply." in capsys.readouterr().out
