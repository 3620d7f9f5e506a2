from django.apps import AppConfig
from django.db.models.signals import post_migrate

from calcsite.database.triggers import changes_public_version, install_triggers


class CalcsiteConfig(AppConfig):
    name = "calcsite"
    verbose_name = "Clinic"
    triggers = (changes_public_version("calcsite_clinicdetails"),)

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)
