"""The groups of staff, filled by migrations: each app adds the permissions that its work needs."""

from collections.abc import Iterable, Mapping

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions


def grant_permissions(apps: Apps, using: str, *, labels: Iterable[str], groups: Mapping[str, list[str]]) -> None:
    """Add permissions ("app.codename") to the named groups, which are created when they are missing.

    Django creates an app's permissions after all migrations, so those of `labels` are created here first.
    Raises KeyError for a permission that none of `labels` has.
    """
    for label in labels:
        config = apps.get_app_config(label)
        config.models_module = True  # without which create_permissions does nothing
        create_permissions(config, verbosity=0, using=using, apps=apps)
        config.models_module = None
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    by_name = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.using(using).select_related("content_type")
    }
    for name, permissions in groups.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*[by_name[permission] for permission in permissions])
