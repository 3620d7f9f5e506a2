"""What booking adds to the groups of staff, each with the least that its work needs.

Only those who book see every patient, and a clinician sees their own (`appointments.staff`). An administrator sets up
who works when, reads the audit log, and sees no patient: closures are not theirs, because a closure shows whom it hits.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

PATIENTS = ["appointments.view_appointment", "appointments.change_appointment"]
BOOKING = PATIENTS + ["appointments.add_appointment", "appointments.export_appointment"]
HOURS = [
    "appointments.view_clinician",
    "appointments.add_clinician",
    "appointments.change_clinician",
    "appointments.view_workinghours",
    "appointments.add_workinghours",
    "appointments.change_workinghours",
    "appointments.delete_workinghours",
    "appointments.view_appointmenttype",
    "appointments.add_appointmenttype",
    "appointments.change_appointmenttype",
    "appointments.view_location",
    "appointments.add_location",
    "appointments.change_location",
]
CLOSURES = [
    "appointments.view_closure",
    "appointments.add_closure",
    "appointments.change_closure",
    "appointments.delete_closure",
]
GROUPS = {
    "Booking coordinator": BOOKING + HOURS + CLOSURES,
    "Clinician": PATIENTS,
    "Administrator": HOURS
    + [
        "appointments.delete_clinician",
        "appointments.delete_appointmenttype",
        "appointments.delete_location",
        "appointments.view_auditentry",
    ],
}


def add_to_groups(apps, schema_editor):
    """Django makes permissions after all migrations; the groups need them now."""
    using = schema_editor.connection.alias
    config = apps.get_app_config("appointments")
    config.models_module = True  # without which create_permissions does nothing
    create_permissions(config, verbosity=0, using=using, apps=apps)
    config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.using(using).filter(content_type__app_label="appointments")
    by_name = {f"appointments.{permission.codename}": permission for permission in ours}
    for name, permissions in GROUPS.items():
        group = Group.objects.using(using).get(name=name)
        group.permissions.add(*[by_name[permission] for permission in permissions])


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_slots_do_not_overlap"),
        ("calcsite", "0003_groups"),
    ]

    operations = [migrations.RunPython(add_to_groups, migrations.RunPython.noop, elidable=False)]
