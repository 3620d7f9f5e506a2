from django.apps import AppConfig
from django.db.models.signals import post_migrate

from calcsite.database.triggers import DELETE, INSERT, UPDATE, Trigger, changes_public_version, install_triggers
from conditions.fulltext import install_indexes

# The tables of public pages, lists and search, each with the condition of its public rows. The working copy is not
# among them.
PUBLIC_ROWS = {
    "conditions_listing": "",
    "conditions_listing_related": "",
    "conditions_listingtag": "",
    "conditions_generalpage": "",
    "conditions_edition": "{row}.published_at IS NOT NULL",
    "conditions_oldaddress": "",
    "conditions_faq": "{row}.condition_id IS NULL",
}
CONTENT = [
    "id",
    "condition_id",
    "number",
    "content",
    "checksum",
    "submitted_by_id",
    "submitted_at",
    "note",
    "is_correction",
]
DECISION = [
    "status",
    "decided_by_id",
    "reason",
    "reviewer_name",
    "reviewer_credentials",
    "reviewed_on",
    "review_due_on",
    "corrector_name",
    "corrector_credentials",
    "corrected_on",
    "goes_live_at",
]


def any_changed(columns: list[str]) -> str:
    """SQL for an update that changes one of these columns, to or from NULL included."""
    texts = (f"COALESCE(CAST({{}}.{column} AS text), '')" for column in columns)
    return " OR ".join(f"{text.format('OLD')} <> {text.format('NEW')}" for text in texts)


# An approved edition that waits for its time may still be sent back, or go live; nothing else is decided twice.
MAY_STILL_MOVE = "OLD.status = 'approved' AND OLD.published_at IS NULL"
GOES_LIVE = f"{MAY_STILL_MOVE} AND NEW.published_at IS NOT NULL AND NOT ({any_changed(DECISION)})"
IS_SENT_BACK = f"{MAY_STILL_MOVE} AND NEW.status = 'returned'"


class ConditionsConfig(AppConfig):
    name = "conditions"
    verbose_name = "Conditions and questions"
    triggers = (
        *(changes_public_version(table, condition=public) for table, public in PUBLIC_ROWS.items()),
        Trigger(
            name="edition_is_frozen",
            table="conditions_edition",
            events=(UPDATE,),
            condition=any_changed(CONTENT),
            refusal="the content of an edition cannot be changed",
        ),
        Trigger(
            # The same letters stored as another type are equal as text.
            name="edition_keeps_its_type",
            table="conditions_edition",
            events=(UPDATE,),
            condition=" OR ".join(f"typeof(OLD.{column}) <> typeof(NEW.{column})" for column in CONTENT),
            refusal="the content of an edition cannot be changed",
            only_on="sqlite",
        ),
        Trigger(
            name="decision_is_final",
            table="conditions_edition",
            events=(UPDATE,),
            condition=(
                f"OLD.status <> 'submitted' AND ({any_changed([*DECISION, 'published_at'])}) "
                f"AND NOT ({GOES_LIVE}) AND NOT ({IS_SENT_BACK})"
            ),
            refusal="a decision on an edition cannot be changed",
        ),
        Trigger(
            name="edition_is_kept",
            table="conditions_edition",
            events=(DELETE,),
            refusal="an edition cannot be deleted",
        ),
        Trigger(
            name="event_is_kept",
            table="conditions_pageevent",
            events=(UPDATE, DELETE),
            refusal="a step in the log cannot be changed or deleted",
        ),
        Trigger(
            name="event_is_not_replaced",
            table="conditions_pageevent",
            events=(INSERT,),
            condition="EXISTS (SELECT 1 FROM conditions_pageevent AS e WHERE e.id = {row}.id)",
            refusal="a step in the log cannot be replaced",
            only_on="sqlite",
        ),
        Trigger(
            # REPLACE deletes the row in its way without asking the trigger above.
            name="edition_is_not_replaced",
            table="conditions_edition",
            events=(INSERT,),
            condition=(
                "EXISTS (SELECT 1 FROM conditions_edition AS e WHERE e.id = {row}.id "
                "OR (e.condition_id = {row}.condition_id AND e.number = {row}.number))"
            ),
            refusal="an edition cannot be replaced",
            only_on="sqlite",
        ),
        Trigger(
            name="clinic_is_on_every_page",
            table="calcsite_clinicdetails",
            events=(INSERT, UPDATE, DELETE),
            action="DELETE FROM conditions_renderedpage",
        ),
    )

    def ready(self) -> None:
        post_migrate.connect(install_triggers, sender=self)
        post_migrate.connect(install_indexes, sender=self)
