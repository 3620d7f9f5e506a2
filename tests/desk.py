"""A clinic at work, for the screens of its staff: people at the desk, and a patient on every worklist."""

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from appointments.booking import booking
from appointments.models import Clinician, Slot, WaitingEntry, WorkingHours
from appointments.scheduling.slot_sync import make_slots
from appointments.tests.factories import make_appointment, make_clinician, make_hours, make_slot, make_type
from calcsite.models import DeliveryStatus
from calcsite.tests import people

RECEPTIONIST, CLINICIAN = "bea", "bo"


def fill() -> None:
    """Prints the session of each member of staff, as "name session"."""
    appointment_type = make_type(name="Opinion of a specialist")
    ash = make_clinician(name="Dr Desk Ash", credentials="MBBS")
    bo = people.make_person("Clinician", username=CLINICIAN, first_name="Bo", last_name="Birch")
    birch = make_clinician(name="Dr Desk Birch", credentials="MBBS, FRCR", user=bo)
    for clinician in (ash, birch):
        for weekday in range(7):
            make_hours(types=[appointment_type], clinician=clinician, weekday=weekday)
        make_slots(clinician=clinician)
    today = timezone.localdate()
    make_today(birch, today)
    make_worklists(birch, today)
    make_ahead(ash, today + timedelta(days=7))
    receptionist = people.make_person("Booking coordinator", username=RECEPTIONIST, first_name="Bea")
    for person in (receptionist, bo):
        print("Session:", person.username, people.make_session(person))


def zone_of_morning() -> str:
    """A time zone in which it is eight or not long after, so that the day is still to come at any time of the test."""
    ahead = 8 - datetime.now(UTC).hour
    ahead = ahead if ahead >= -12 else ahead + 24
    return f"Etc/GMT{-ahead:+d}"  # the sign of these names is reversed (tz database, "etcetera")


def moment(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=timezone.get_default_timezone())


def slot_at(clinician: Clinician, starts: datetime) -> Slot:
    """The slot at this time, made if missing: for a day that is half over no slots were made."""
    found = Slot.objects.filter(clinician=clinician, starts=starts).first()
    hours = WorkingHours.objects.get(clinician=clinician, weekday=timezone.localtime(starts).weekday())
    return found or make_slot(hours=hours, starts=starts, busy_until=starts + timedelta(minutes=45))


def make_today(clinician: Clinician, today: date) -> None:
    """Three expected patients, at times that the working hours leave free."""
    before = timezone.now() - timedelta(days=3)
    for hour, name in [(18, "Ada Today"), (19, "Kofi Today"), (20, "李 Today")]:
        make_appointment(slot=slot_at(clinician, moment(today, hour)), at=before, name=name)


def make_worklists(clinician: Clinician, today: date) -> None:
    """A patient who waits for an earlier time and has a failed e-mail, one orphaned, one without an outcome."""
    before = timezone.now() - timedelta(days=9)
    waiting = make_appointment(slot=slot_at(clinician, moment(today + timedelta(days=8), 18)), name="Wim Waiting")
    WaitingEntry.objects.create(appointment=waiting)
    message = waiting.messages.get(kind="confirmation")
    message.finish(DeliveryStatus.REFUSED)
    orphaned = make_appointment(slot=slot_at(clinician, moment(today + timedelta(days=9), 19)), name="Oda Orphaned")
    Slot.objects.filter(pk=orphaned.slot_id).update(is_covered=False)
    make_appointment(slot=slot_at(clinician, moment(today - timedelta(days=1), 18)), at=before, name="Una Unmarked")


def make_ahead(clinician: Clinician, day: date) -> None:
    """Two on one day; one without an e-mail address, and with everything else filled in."""
    slots = list(Slot.objects.filter(clinician=clinician, starts__gte=moment(day, 0)).order_by("starts")[:2])
    make_appointment(slot=slots[0], name="Mia Movable")
    details = {
        "name": "Cy Cancelled",
        "telephone": "+44 1632 960 002",
        "email": "",
        "carer_name": "Ann Cancelled",
        "carer_relation": "Daughter",
        "language": "Welsh",
        "needs_interpreter": True,
        "needs": "A ramp.\nTime to write things down.",
        "reason": "Pain in the hand since spring.",
        "findings": "A calcification was seen on the X-ray.",
        "date_of_birth": date(1950, 2, 3),
    }
    appointment_type = slots[1].hours.types.get()
    by = people.make_person("Booking coordinator", username="colleague")
    booking.book_for_patient(
        slot=slots[1], appointment_type=appointment_type, mode="telephone", details=details, by=by
    )
