"""On PostgreSQL an exclusion constraint keeps two slots of one clinician apart; on SQLite a trigger does (apps.py)."""

from django.db import migrations

# A range of one number stands for the number: so the constraint needs no extension.
ADD = """
    ALTER TABLE appointments_slot ADD CONSTRAINT slots_do_not_overlap EXCLUDE USING gist (
        int8range(clinician_id, clinician_id, '[]') WITH &&, tstzrange(starts, busy_until) WITH &&
    )
"""
DROP = "ALTER TABLE appointments_slot DROP CONSTRAINT slots_do_not_overlap"


def on_postgresql(statement):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(ADD), on_postgresql(DROP))]
