"""The fixed words of booking."""

from django.db import models


class Mode(models.TextChoices):
    """How patient and clinician meet."""

    VIDEO = "video", "Video call"
    TELEPHONE = "telephone", "Telephone call"
    IN_PERSON = "in_person", "In person"


class Status(models.TextChoices):
    """The state of an appointment. The transitions allowed are in `NEXT`."""

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
            Status.BOOKED,  # with another e-mail address, which is not confirmed
            *(Status.ARRIVED, Status.COMPLETED, Status.MISSED, Status.CANCELLED),
        }
    ),
    # Back to the status before: the wrong row was marked (`records.take_back_arrival`, for staff alone)
    Status.ARRIVED: frozenset({Status.COMPLETED, Status.MISSED, Status.BOOKED, Status.CONFIRMED}),
    Status.COMPLETED: frozenset(),
    Status.MISSED: frozenset({Status.ARRIVED}),
    Status.CANCELLED: frozenset(),
}
# Coming: a patient is expected. Live: the slot is taken.
COMING = (Status.BOOKED, Status.CONFIRMED)
LIVE = (Status.HELD, *COMING, Status.ARRIVED, Status.COMPLETED, Status.MISSED)


class Tool(models.TextChoices):
    """The part of a patient's own pages in which a checklist item is done. The value is the path of its address."""

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
    """The progress of a task, as the patient sets it."""

    TO_DO = "to_do", "Not started"
    STARTED = "started", "Started"
    DONE = "done", "Done"
    NOT_NEEDED = "not_needed", "Not for me"


class Treatment(models.TextChoices):
    """The treatment that a recovery plan follows."""

    OPERATION = "operation", "An operation"
    PROCEDURE = "procedure", "A smaller procedure, such as a needle or a biopsy"
    MEDICINES = "medicines", "Medicines"
    PHYSIOTHERAPY = "physiotherapy", "Physiotherapy"
    WATCHING = "watching", "Watching and waiting"


class FileKind(models.TextChoices):
    """The kind of a file, by its content."""

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
    """The state of an opinion: worked on, signed, or released to the patient."""

    DRAFT = "draft", "Draft"
    SIGNED = "signed", "Signed"
    RELEASED = "released", "Released to the patient"


class Feeling(models.TextChoices):
    """A patient's condition, compared with the days before."""

    BETTER = "better", "Better"
    SAME = "same", "The same"
    WORSE = "worse", "Worse"


class ConsentKind(models.TextChoices):
    """The subject of a consent."""

    BOOKING = "booking", "The second opinion, and keeping a record of it"
    DOCUMENTS = "documents", "Keeping the records that they send"
    TICKS = "ticks", "Taking over what they had ticked before they booked"


class MessageKind(models.TextChoices):
    """The messages that the site sends to patients."""

    CONFIRMATION = "confirmation", "Booking confirmation"
    CHANGE = "change", "New time"
    CANCELLATION = "cancellation", "Cancellation"
    REMINDER = "reminder", "Reminder"
    LINK = "link", "The patient's link"
    CODE = "code", "Six-digit code"
    OFFER = "offer", "An earlier time"
    STAFF = "staff", "Message from staff"
    NUDGE = "nudge", "Reminder of the list"
    OPINION = "opinion", "The opinion is ready"
    RECOVERY = "recovery", "Recovery plan is ready"


class AuditAction(models.TextChoices):
    """The looks and changes that the audit log records."""

    READ = "read", "Looked at"
    LISTED = "listed", "Shown in a list"
    EXPORTED = "exported", "Saved as a file"
    BOOKED = "booked", "Booked"
    CONFIRMED = "confirmed", "E-mail address confirmed"
    MOVED = "moved", "Moved to another time"
    CANCELLED = "cancelled", "Cancelled"
    STATUS = "status", "Marked"
    CHANGED = "changed", "Details changed"
    NOTED = "noted", "Note written"
    MESSAGED = "messaged", "Message sent"
    ENTERED = "entered", "Patient came by their link"
    ERASED = "erased", "Everything erased"


class HistoryKind(models.TextChoices):
    """The parts of a medical history."""

    ILLNESS = "illness", "An illness or diagnosis"
    OPERATION = "operation", "An operation"
    ALLERGY = "allergy", "An allergy"
    FAMILY = "family", "An illness in my family"


class SymptomKind(models.TextChoices):
    """A symptom, or a worry."""

    SYMPTOM = "symptom", "A symptom"
    WORRY = "worry", "A worry"


class QuestionOutcome(models.TextChoices):
    """The clinician's answer to a question: given, or left open."""

    ANSWERED = "answered", "Answered"
    LEFT_OPEN = "open", "Left open"


class MedicineKind(models.TextChoices):
    """The things that patients take."""

    MEDICINE = "medicine", "Medicine"
    SUPPLEMENT = "supplement", "Supplement"
    VITAMIN = "vitamin", "Vitamin"


class ReferralStatus(models.TextChoices):
    """Whether a doctor sends the patient."""

    HAVE = "have", "I have a referral"
    ASKED = "asked", "I have asked for one"
    NONE = "none", "I come without one"


class Weekday(models.IntegerChoices):
    """As `date.weekday` counts."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"
