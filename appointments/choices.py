"""The fixed words of booking."""

from django.db import models


class Mode(models.TextChoices):
    """How patient and clinician meet."""

    VIDEO = "video", "Video call"
    TELEPHONE = "telephone", "Telephone call"
    IN_PERSON = "in_person", "In person"


class Status(models.TextChoices):
    """Where an appointment stands. Which may follow which is in `NEXT`."""

    HELD = "held", "Held while the patient writes"
    BOOKED = "booked", "Booked, e-mail address not confirmed"
    CONFIRMED = "confirmed", "Booked, e-mail address confirmed"
    ARRIVED = "arrived", "Arrived"
    COMPLETED = "completed", "Completed"
    MISSED = "missed", "Missed"
    CANCELLED = "cancelled", "Cancelled"


NEXT: dict[str, frozenset[str]] = {
    Status.HELD: frozenset({Status.BOOKED}),
    Status.BOOKED: frozenset({Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.CANCELLED}),
    Status.CONFIRMED: frozenset(
        {
            Status.BOOKED,  # with another e-mail address, which nobody has confirmed
            *(Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.CANCELLED),
        }
    ),
    # Back to where it stood: somebody marked the wrong one (`booking.take_back_arrival`, for staff alone)
    Status.ARRIVED: frozenset({Status.COMPLETED, Status.MISSED, Status.BOOKED, Status.CONFIRMED}),
    Status.COMPLETED: frozenset(),
    Status.MISSED: frozenset({Status.ARRIVED}),
    Status.CANCELLED: frozenset(),
}
# Coming: somebody is expected. Live: the slot is taken.
COMING = (Status.BOOKED, Status.CONFIRMED)
LIVE = (Status.HELD, *COMING, Status.ARRIVED, Status.COMPLETED, Status.MISSED)


class Tool(models.TextChoices):
    """What an item of the checklist is done with: a part of the patient's own pages. The value is its address."""

    HISTORY = "history", "Medical and family history"
    SYMPTOMS = "symptoms", "Symptoms and worries"
    SPECIALIST = "specialist", "Which specialist"
    REFERRAL = "referral", "Appointments and referral"
    QUESTIONS = "questions", "Questions to ask"
    DOCUMENTS = "documents", "Records and images"
    MEDICINES = "medicines", "Medicines, supplements and vitamins"
    TESTS = "tests", "Getting ready for tests"
    OPTIONS = "options", "Treatment options to discuss"


class TaskStatus(models.TextChoices):
    """Where a patient is with a task. They decide."""

    TO_DO = "to_do", "Not started"
    STARTED = "started", "Started"
    DONE = "done", "Done"
    NOT_NEEDED = "not_needed", "Not for me"


class Treatment(models.TextChoices):
    """What somebody recovers from."""

    OPERATION = "operation", "An operation"
    PROCEDURE = "procedure", "A smaller procedure, such as a needle or a biopsy"
    MEDICINES = "medicines", "Medicines"
    PHYSIOTHERAPY = "physiotherapy", "Physiotherapy"
    WATCHING = "watching", "Watching and waiting"


class FileKind(models.TextChoices):
    """What a file is, by its content."""

    PDF = "pdf", "PDF"
    JPEG = "jpeg", "JPEG picture"
    PNG = "png", "PNG picture"
    DICOM = "dicom", "DICOM image"
    DICOM_ZIP = "dicom_zip", "DICOM images in a zip file"


class Agreement(models.TextChoices):
    """How a second opinion relates to the first."""

    AGREES = "agrees", "We agree"
    PARTLY = "partly", "We agree in part"
    DIFFERS = "differs", "We see it differently"
    NO_FIRST = "none", "There is no first opinion in writing"


class OpinionStatus(models.TextChoices):
    """Where an opinion stands: worked on, signed, or there for the patient to read."""

    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"
    RELEASED = "released", "Released to the patient"


class Feeling(models.TextChoices):
    """How somebody is, compared with the last days."""

    BETTER = "better", "Better"
    SAME = "same", "The same"
    WORSE = "worse", "Worse"


class ConsentKind(models.TextChoices):
    """What a patient agrees to."""

    BOOKING = "booking", "The second opinion, and keeping a record of it"
    DOCUMENTS = "documents", "Keeping the records that they send"
    TICKS = "ticks", "Taking over what they had ticked before they booked"
