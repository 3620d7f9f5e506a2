"""The registry of personal data: every model with rows about a patient, and the lookup from its rows to the
appointment.

Export and erasure both use this list. A test walks all models of the site and fails if one that leads to an
appointment is missing.
"""

from collections.abc import Iterator

from django.db.models import FileField, Model, Q, QuerySet

from appointments import models
from appointments.governance.tombstones import StoredFile
from appointments.models import Appointment, AuditEntry

OWN = "appointment"
IN_PLAN = "plan__appointment"

# The lookup from a model to the appointment of its rows.
PATHS: dict[type[Model], str] = {
    models.Appointment: "pk",
    models.Draft: OWN,
    models.Note: OWN,
    models.PreparationTask: OWN,
    models.HistoryEntry: OWN,
    models.Symptom: OWN,
    models.Question: OWN,
    models.Medicine: OWN,
    models.TreatmentOption: OWN,
    models.TestInstruction: OWN,
    models.Referral: OWN,
    models.SpecialistChoice: OWN,
    models.Document: OWN,
    models.DocumentRequest: OWN,
    models.Opinion: OWN,
    models.OpinionOption: "opinion__appointment",
    models.RecoveryPlan: OWN,
    models.PlanGuidance: IN_PLAN,
    models.PlanMedicine: IN_PLAN,
    models.FollowUp: IN_PLAN,
    models.CheckIn: IN_PLAN,
    models.Consent: OWN,
    models.ErasureRequest: OWN,
    models.LegalHold: OWN,
    models.CarerLink: OWN,
    models.PatientLink: OWN,
    models.Code: OWN,
    models.WaitingEntry: OWN,
    models.Offer: "entry__appointment",
    models.Message: OWN,
    models.AuditEntry: OWN,
}
# A second lookup: the draft of a follow-up holds data of its patient before it has an appointment.
SECOND_PATHS: dict[type[Model], str] = {models.Draft: f"follow_up__{IN_PLAN}"}
# Survives an erasure. It holds a reference and user names of staff, and never the patient's identity.
KEPT_MODELS = frozenset({AuditEntry})


def rows_of(appointment: Appointment, model: type[Model]) -> QuerySet:
    """The rows of one model that are about one appointment's patient."""
    ways = [path[model] for path in (PATHS, SECOND_PATHS) if model in path]
    theirs = Q(*((way, appointment.pk) for way in ways), _connector=Q.OR)
    return model._base_manager.filter(theirs).order_by("pk").distinct()


def parents_to_lock() -> list[type[Model]]:
    """The models, besides the appointment, to which others of the registry have a foreign key."""
    targets = {
        field.related_model
        for model in PATHS
        for field in model._meta.concrete_fields
        if field.is_relation and not field.null
    }
    return [model for model in PATHS if model in targets and model is not Appointment]


def stored_files(row: Model) -> Iterator[StoredFile]:
    """The files of one row."""
    for field in row._meta.concrete_fields:
        if isinstance(field, FileField) and getattr(row, field.name):
            yield StoredFile(row._meta.label, field.name, getattr(row, field.name).name)


def files_of(appointment: Appointment) -> Iterator[tuple[Model, StoredFile]]:
    """Every file that belongs to an appointment, with its row."""
    for model in PATHS:
        if any(isinstance(field, FileField) for field in model._meta.concrete_fields):
            yield from ((row, file) for row in rows_of(appointment, model) for file in stored_files(row))


def models_to_delete() -> list[type[Model]]:
    """The models whose rows an erasure deletes, in an order that foreign keys permit: the appointment goes last."""
    return [model for model in PATHS if model not in KEPT_MODELS and model is not Appointment] + [Appointment]
