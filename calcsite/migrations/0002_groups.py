"""The five groups of staff, each with the least that its work needs. Booking adds its own permissions later."""

from django.db import migrations

from calcsite.database.groups import grant_permissions

READ_PAGES = [
    "conditions.view_condition",
    "conditions.view_alias",
    "conditions.view_section",
    "conditions.view_faq",
    "conditions.view_source",
    "conditions.view_tag",
    "conditions.view_edition",
    "conditions.view_feedback",
    "conditions.view_pageevent",
    "conditions.view_previewlink",
    "conditions.view_generalpage",
]
SHARE_PREVIEWS = ["conditions.add_previewlink", "conditions.change_previewlink"]
WRITE_PAGES = [
    "conditions.add_condition",
    "conditions.change_condition",
    "conditions.add_alias",
    "conditions.change_alias",
    "conditions.delete_alias",
    "conditions.add_section",
    "conditions.change_section",
    "conditions.delete_section",
    "conditions.add_faq",
    "conditions.change_faq",
    "conditions.delete_faq",
    "conditions.add_source",
    "conditions.change_source",
    "conditions.delete_source",
    "conditions.add_tag",
    "conditions.change_tag",
    "conditions.view_emptysearch",
    "conditions.change_emptysearch",
]
EDITOR = READ_PAGES + SHARE_PREVIEWS + WRITE_PAGES
REVIEWER = READ_PAGES + SHARE_PREVIEWS + ["conditions.review_edition", "conditions.withdraw_condition"]
BOOKING = ["conditions.view_condition", "conditions.view_faq", "conditions.view_generalpage"]
ADMINISTRATOR = EDITOR + [
    "conditions.delete_condition",
    "conditions.delete_tag",
    "conditions.publish_unreviewed",
    "conditions.withdraw_condition",
    "conditions.add_generalpage",
    "conditions.change_generalpage",
    "conditions.delete_generalpage",
    "calcsite.view_clinicdetails",
    "calcsite.change_clinicdetails",
    "calcsite.view_staffprofile",
    "calcsite.add_staffprofile",
    "calcsite.change_staffprofile",
    "auth.view_user",
    "auth.add_user",
    "auth.change_user",
    "auth.view_group",
    "admin.view_logentry",
]
GROUPS = {
    "Editor": EDITOR,
    "Clinical reviewer": REVIEWER,
    "Booking coordinator": BOOKING,
    "Clinician": BOOKING,
    "Administrator": ADMINISTRATOR,
}


def make_groups(apps, schema_editor):
    labels = ["calcsite", "conditions", "auth", "admin"]
    grant_permissions(apps, schema_editor.connection.alias, labels=labels, groups=GROUPS)


class Migration(migrations.Migration):
    dependencies = [
        ("calcsite", "0001_initial"),
        ("conditions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop, elidable=False)]
