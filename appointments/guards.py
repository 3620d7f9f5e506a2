"""Database triggers of booking and care, which `migrate` installs (`calcsite.database.triggers`)."""

from appointments.choices import NEXT
from calcsite.database.triggers import DELETE, INSERT, UPDATE, Trigger, changes_public_version


def forbidden_transition() -> str:
    """SQL condition: a change of status that `choices.NEXT` does not allow."""
    allowed = (
        f"(OLD.status = '{was}' AND NEW.status = '{then}')" for was, nexts in NEXT.items() for then in sorted(nexts)
    )
    return f"OLD.status <> NEW.status AND NOT ({' OR '.join(allowed)})"


def changes_signed_opinion() -> str:
    """SQL condition: a change of a signed opinion other than its release."""
    words = [
        "correction",
        "findings",
        "agreement",
        "first_opinion",
        "our_opinion",
        "next_steps",
        "checksum",
        "signed_name",
    ]
    words += ["id", "signed_credentials", "appointment_id", "number", "changed_at", "signed_at", "drafted_by_id"]
    kept = [f"OLD.{name} <> NEW.{name}" for name in words]
    kept += ["COALESCE(OLD.signed_by_id, 0) <> COALESCE(NEW.signed_by_id, 0)"]
    kept += ["CAST(OLD.content AS text) <> CAST(NEW.content AS text)"]
    is_release = "OLD.status = 'signed' AND NEW.status = 'released'"
    kept += [f"OLD.status <> NEW.status AND NOT ({is_release})"]
    kept += ["OLD.status = 'released' AND OLD.released_at <> NEW.released_at"]
    kept += [f"NOT ({is_release}) AND COALESCE(OLD.released_by_id, 0) <> COALESCE(NEW.released_by_id, 0)"]
    return f"OLD.status <> 'draft' AND ({' OR '.join(kept)})"


TRIGGERS = (
    changes_public_version("appointments_checklistitem"),
    changes_public_version("appointments_recoveryguidance"),
    Trigger(
        name="appointment_moves_along_its_lines",
        table="appointments_appointment",
        events=(UPDATE,),
        condition=forbidden_transition(),
        refusal="the status of an appointment cannot move like this",
    ),
    Trigger(
        # PostgreSQL has an exclusion constraint for this (migration 0002). As existing slots do not overlap, only the
        # last one that starts before the end of the new one can overlap it; comparing all takes longer each year.
        name="slots_do_not_overlap",
        table="appointments_slot",
        events=(INSERT, UPDATE),
        condition=(
            "NEW.starts < (SELECT other.busy_until FROM appointments_slot AS other "
            "WHERE other.clinician_id = NEW.clinician_id AND other.id IS NOT NEW.id "
            "AND other.starts < NEW.busy_until ORDER BY other.starts DESC LIMIT 1)"
        ),
        refusal="two slots of one clinician overlap",
        only_on="sqlite",
    ),
    Trigger(
        name="audit_is_kept",
        table="appointments_auditentry",
        events=(UPDATE, DELETE),
        refusal="an entry in the audit log cannot be changed or deleted",
    ),
    Trigger(
        name="note_is_kept",  # erasing its appointment may delete it
        table="appointments_note",
        events=(UPDATE,),
        refusal="a note cannot be changed",
    ),
    Trigger(
        name="signed_opinion_is_frozen",
        table="appointments_opinion",
        events=(UPDATE,),
        condition=changes_signed_opinion(),
        refusal="a signed opinion cannot be changed",
    ),
)
