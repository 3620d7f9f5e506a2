"""The permissions that care adds to the groups of staff, each with the least that its work needs.

Booking coordinators see every patient, and a clinician their own (`appointments.governance.permissions`). An
administrator sets up clinicians and hours, reads the audit log and sees no patient: closures are not theirs, because a
closure lists the patients it affects. Editors write the checklist and the recovery guidance for everybody, reviewers
confirm that they have read them. The medical details of one patient are for the clinician of that patient. Booking
coordinators see missing preparation, answer check-ins that raise an alarm, and carry out patients' requests about
their data.
"""

from django.db import migrations

from calcsite.database.groups import grant_permissions

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
GUIDANCE = ["checklistitem", "recoveryguidance", "questionprompt"]
READ = [f"appointments.view_{name}" for name in GUIDANCE]
WRITE = [f"appointments.{verb}_{name}" for name in GUIDANCE for verb in ("view", "add", "change", "delete")]
GROUPS = {
    "Editor": WRITE,
    "Clinical reviewer": READ + ["appointments.review_guidance"],
    "Booking coordinator": BOOKING
    + HOURS
    + CLOSURES
    + READ
    + ["appointments.care_recovery", "appointments.erase_patient", "appointments.hold_legally"],
    "Clinician": PATIENTS + READ + ["appointments.sign_opinion", "appointments.care_recovery"],
    "Administrator": HOURS
    + WRITE
    + [
        "appointments.delete_clinician",
        "appointments.delete_appointmenttype",
        "appointments.delete_location",
        "appointments.view_auditentry",
    ],
}


def add_to_groups(apps, schema_editor):
    grant_permissions(apps, schema_editor.connection.alias, labels=["appointments"], groups=GROUPS)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_slots_do_not_overlap"), ("calcsite", "0002_groups")]

    operations = [migrations.RunPython(add_to_groups, migrations.RunPython.noop, elidable=False)]
