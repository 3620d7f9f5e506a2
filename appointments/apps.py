from django.apps import AppConfig
from django.db.models.signals import post_migrate

from appointments.guards import TRIGGERS
from calcsite.database.triggers import install_triggers


class AppointmentsConfig(AppConfig):
    name = "appointments"
    verbose_name = "Second opinions"
    triggers = TRIGGERS

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)
