"""Models of booking and care: clinicians and their hours, appointments, messages, preparation, opinions, recovery,
patients' rights, and the audit log.
"""

from appointments.models.access import Code, PatientLink
from appointments.models.appointments import Appointment, Draft, Note
from appointments.models.audit import AuditEntry
from appointments.models.checklists import ChecklistItem, QuestionPrompt, RecoveryGuidance
from appointments.models.clinicians import AppointmentType, Clinician, Location
from appointments.models.documents import Document, DocumentRequest
from appointments.models.hours import Closure, Slot, WorkingHours
from appointments.models.messages import Message
from appointments.models.opinions import Opinion, OpinionOption
from appointments.models.preparation import (
    HistoryEntry,
    Medicine,
    PreparationTask,
    Question,
    Referral,
    SpecialistChoice,
    Symptom,
    TestInstruction,
    TreatmentOption,
)
from appointments.models.recovery import CheckIn, FollowUp, PlanGuidance, PlanMedicine, RecoveryPlan
from appointments.models.rights import CarerLink, Consent, ErasureRequest, LegalHold, Tombstone
from appointments.models.waiting import Offer, WaitingEntry

__all__ = [
    "Appointment",
    "AppointmentType",
    "AuditEntry",
    "CarerLink",
    "CheckIn",
    "ChecklistItem",
    "Clinician",
    "Closure",
    "Code",
    "Consent",
    "Document",
    "DocumentRequest",
    "Draft",
    "ErasureRequest",
    "FollowUp",
    "HistoryEntry",
    "LegalHold",
    "Location",
    "Medicine",
    "Message",
    "Note",
    "Offer",
    "Opinion",
    "OpinionOption",
    "PatientLink",
    "PlanGuidance",
    "PlanMedicine",
    "PreparationTask",
    "Question",
    "QuestionPrompt",
    "RecoveryGuidance",
    "RecoveryPlan",
    "Referral",
    "Slot",
    "SpecialistChoice",
    "Symptom",
    "TestInstruction",
    "Tombstone",
    "TreatmentOption",
    "WaitingEntry",
    "WorkingHours",
]
