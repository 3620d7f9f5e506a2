"""The visit pack: all that patient and clinician want before them at the appointment, the same for both."""

from dataclasses import dataclass

from appointments.choices import Tool
from appointments.models import (
    Appointment,
    Document,
    DocumentRequest,
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
from appointments.scheduling import local_times
from conditions.models import Listing

HISTORY_HEADINGS = {
    HistoryEntry.Kind.ALLERGY: "Allergies",
    HistoryEntry.Kind.ILLNESS: "Illnesses and diagnoses",
    HistoryEntry.Kind.OPERATION: "Operations",
    HistoryEntry.Kind.FAMILY: "In the family",
}


@dataclass(frozen=True)
class Pack:
    """The contents of one appointment's pack. `history` has every kind of entry, so that an empty kind is visible."""

    appointment: Appointment
    about: str
    readings: list[local_times.Reading]
    where: str
    tasks: list[PreparationTask]
    history: list[tuple[str, list[HistoryEntry]]]
    symptoms: list[Symptom]
    questions: list[Question]
    medicines: list[Medicine]
    options: list[TreatmentOption]
    tests: list[TestInstruction]
    referral: Referral | None
    specialist: SpecialistChoice | None
    documents: list[Document]
    missing: list[DocumentRequest]

    @property
    def marked(self) -> dict[str, str]:
        """The marks on the tasks of each tool: beside an empty list, "Done" means that there is nothing to write."""
        return {
            tool.value: ", ".join(task.get_status_display() for task in self.tasks if task.tool == tool)
            for tool in Tool
        }


def pack_of(appointment: Appointment) -> Pack:
    """The pack of an appointment. The number of queries does not grow with its contents."""
    # The condition as its public page calls it; empty when the patient was not sure.
    listed = Listing.objects.filter(condition=appointment.condition_id).values_list("name", flat=True).first()
    history = list(appointment.historyentry_set.all())
    return Pack(
        appointment=appointment,
        about=listed or (appointment.condition.name if appointment.condition else ""),
        readings=local_times.readings(appointment),
        where=local_times.where(appointment),
        tasks=list(appointment.tasks.all()),
        history=[(label, [each for each in history if each.kind == kind]) for kind, label in HISTORY_HEADINGS.items()],
        symptoms=list(appointment.symptom_set.all()),
        questions=list(appointment.question_set.all()),
        medicines=list(appointment.medicine_set.all()),
        options=list(appointment.treatmentoption_set.all()),
        tests=list(appointment.testinstruction_set.all()),
        referral=Referral.objects.filter(appointment=appointment).first(),
        specialist=SpecialistChoice.objects.filter(appointment=appointment).first(),
        documents=list(appointment.documents.all()),
        missing=[request for request in appointment.document_requests.all() if request.is_missing],
    )
