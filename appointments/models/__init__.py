"""Booking, in four rooms: who gives opinions and when, the appointments, what is told about them, and who looked."""

from appointments.models.access import Code, PatientLink
from appointments.models.appointments import Appointment, Draft, Note
from appointments.models.audit import AuditEntry
from appointments.models.clinicians import AppointmentType, Clinician, Location
from appointments.models.hours import Closure, Slot, WorkingHours
from appointments.models.messages import Message
from appointments.models.waiting import Offer, WaitingEntry

__all__ = [
    "Appointment",
    "AppointmentType",
    "AuditEntry",
    "Clinician",
    "Closure",
    "Code",
    "Draft",
    "Location",
    "Message",
    "Note",
    "Offer",
    "PatientLink",
    "Slot",
    "WaitingEntry",
    "WorkingHours",
]
