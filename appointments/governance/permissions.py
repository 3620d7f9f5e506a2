"""Permissions: the patients and the clinicians' calendars that a member of staff may see.

Staff who book for patients (`add_appointment`) see every appointment. Staff with `view_appointment` alone see those of
which they are the clinician. All other users see none, administrators included. An appointment outside a user's
permissions answers 404, as a random number does (ASVS 5.0, 8.2.2).
"""

from django.contrib.auth.models import AbstractUser

from appointments.models import Appointment, Clinician, Slot
from appointments.models.appointments import AppointmentQuerySet
from appointments.models.clinicians import ClinicianQuerySet
from appointments.models.hours import SlotQuerySet

VIEW, ADD, CHANGE = (f"appointments.{verb}_appointment" for verb in ("view", "add", "change"))
EXPORT = "appointments.export_appointment"
SIGN, CARE = "appointments.sign_opinion", "appointments.care_recovery"
REVIEW = "appointments.review_guidance"
ERASE, HOLD = "appointments.erase_patient", "appointments.hold_legally"


def may_see_all(user: AbstractUser) -> bool:
    """Whether `user` books for patients, and so may see every appointment."""
    return user.has_perms([VIEW, ADD])


def appointments_of(user: AbstractUser) -> AppointmentQuerySet:
    """The appointments that `user` may see. Held ones are left out: they have no patient yet."""
    if not user.has_perm(VIEW):
        return Appointment.objects.none()
    booked = Appointment.objects.booked()
    return booked if may_see_all(user) else booked.filter(slot__clinician__user=user)


def slots_of(user: AbstractUser) -> SlotQuerySet:
    """The slots whose patients `user` may see, and to which they may move an appointment."""
    if not user.has_perm(VIEW):
        return Slot.objects.none()
    return Slot.objects.all() if may_see_all(user) else Slot.objects.filter(clinician__user=user)


def clinicians_of(user: AbstractUser) -> ClinicianQuerySet:
    """The clinicians whose calendar `user` may see."""
    if not user.has_perm(VIEW):
        return Clinician.objects.none()
    return Clinician.objects.all() if may_see_all(user) else Clinician.objects.filter(user=user)


def patients_of(user: AbstractUser) -> AppointmentQuerySet:
    """The appointments whose medical content `user` may read: those of which they are the clinician."""
    return appointments_of(user).filter(slot__clinician__user=user)
