"""What preparation, opinions and recovery add to the groups of staff.

Editors write the checklist and the guidance for everybody, reviewers say that they have read them. What is medical about
one patient is for the clinician of that patient (`appointments.staff.patients_of`). Those who book see what is missing,
deal with check-ins that raise an alarm, and carry out what patients ask about their data.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MODELS = ["checklistitem", "recoveryguidance", "questionprompt"]
READ = [f"appointments.view_{name}" for name in MODELS]
WRITE = [f"appointments.{verb}_{name}" for name in MODELS for verb in ("view", "add", "change", "delete")]
GROUPS = {
    "Editor": WRITE,
    "Clinical reviewer": READ + ["appointments.review_guidance"],
    "Booking coordinator": READ
    + ["appointments.care_recovery", "appointments.erase_patient", "appointments.hold_legally"],
    "Clinician": READ + ["appointments.sign_opinion", "appointments.care_recovery"],
    "Administrator": WRITE,
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
    dependencies = [("appointments", "0007_care")]

    operations = [migrations.RunPython(add_to_groups, migrations.RunPython.noop, elidable=False)]
