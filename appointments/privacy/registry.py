"""What is held about one patient: every model with rows of theirs, and how those rows are found.

Both what a patient downloads and what an erasure deletes are made from this one list, and a test walks all models of
the site and fails when one that leads to an appointment is not on it.
"""

from collections.abc import Iterator

from django.db.models import FileField, Model, Q, QuerySet
from post_office.models import Attachment, Email, Log

from appointments import models
from appointments.governance.tombstones import StoredFile
from appointments.models import Appointment, AuditEntry

OWN = "appointment"
IN_PLAN = "plan__appointment"

# The way from a model to the appointment that its rows belong to.
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
    Email: "patient_message__appointment",
    Log: "email__patient_message__appointment",
    Attachment.emails.through: "email__patient_message__appointment",
    Attachment: "emails__patient_message__appointment",
    models.AuditEntry: OWN,
}
# The other way, where there are two: a draft for a follow-up holds what is known of its patient, before there is an
# appointment that it leads to.
ALSO: dict[type[Model], str] = {models.Draft: f"follow_up__{IN_PLAN}"}
# What outlives an erasure. It holds a reference and user names of staff, and never who the patient is.
KEPT = frozenset({AuditEntry})


def rows_of(appointment: Appointment, model: type[Model]) -> QuerySet:
    """The rows of one model that are about one appointment's patient."""
    ways = [path[model] for path in (PATHS, ALSO) if model in path]
    theirs = Q(*((way, appointment.pk) for way in ways), _connector=Q.OR)
    return model._base_manager.filter(theirs).order_by("pk").distinct()


def leading_on() -> list[type[Model]]:
    """The models, besides the appointment, to whose rows those of others on the list belong. Messages come first."""
    targets = {
        field.related_model
        for model in PATHS
        for field in model._meta.concrete_fields
        if field.is_relation and not field.null
    }
    return [models.Message, *(model for model in PATHS if model in targets and model is not Appointment)]


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


def doomed() -> list[type[Model]]:
    """The models whose rows an erasure deletes, in an order in which they can be: the appointment goes last."""
    return [model for model in PATHS if model not in KEPT and model is not Appointment] + [Appointment]
