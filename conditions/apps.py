from django.apps import AppConfig
from django.db.models.signals import post_migrate

from calcsite.triggers import Trigger, install_triggers, raises_public_version
from conditions.fulltext import install_indexes

# Everything that a public page, list or search shows. The working copy is not among it.
PUBLIC_TABLES = [
    "conditions_listing",
    "conditions_listing_related",
    "conditions_listingtag",
    "conditions_edition",
    "conditions_faq",
    "conditions_generalpage",
]
FROZEN = ["id", "condition_id", "number", "content", "checksum", "submitted_by_id", "submitted_at", "note"]


class ConditionsConfig(AppConfig):
    name = "conditions"
    verbose_name = "Conditions and questions"
    triggers = (
        *(raises_public_version(table) for table in PUBLIC_TABLES),
        Trigger(
            name="edition_is_frozen",
            table="conditions_edition",
            events=("UPDATE",),
            when="BEFORE",
            condition=" OR ".join(
                f"COALESCE(CAST(OLD.{name} AS text), '') <> COALESCE(CAST(NEW.{name} AS text), '')" for name in FROZEN
            ),
            refusal="the content of an edition cannot be changed",
        ),
        Trigger(
            name="edition_is_kept",
            table="conditions_edition",
            events=("DELETE",),
            when="BEFORE",
            refusal="an edition cannot be deleted",
        ),
        Trigger(
            name="clinic_is_on_every_page",
            table="calcsite_clinicdetails",
            events=("INSERT", "UPDATE", "DELETE"),
            action="DELETE FROM conditions_renderedpage",
        ),
    )

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)
        post_migrate.connect(install_indexes, sender=self)
