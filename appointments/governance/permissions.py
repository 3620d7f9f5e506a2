"""Which patients a member of staff may see, and whose time they may look at.

Whoever books for patients (`add_appointment`) sees every appointment. Whoever may only look (`view_appointment`) sees
those of which they are the clinician. Nobody else sees any, an administrator included. What somebody may not see does
not exist for them: its number in an address leads where a random number leads (ASVS 5.0, 8.2.2).
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


def sees_everybody(user: AbstractUser) -> bool:
    """Whether `user` books for patients, and so sees every appointment."""
    return user.has_perms([VIEW, ADD])


def appointments_of(user: AbstractUser) -> AppointmentQuerySet:
    """The appointments that `user` may see. A hold is none: nobody is in it yet."""
    if not user.has_perm(VIEW):
        return Appointment.objects.none()
    booked = Appointment.objects.booked()
    return booked if sees_everybody(user) else booked.filter(slot__clinician__user=user)


def slots_of(user: AbstractUser) -> SlotQuerySet:
    """The slots at which `user` may see who comes, and to which they may move somebody."""
    if not user.has_perm(VIEW):
        return Slot.objects.none()
    return Slot.objects.all() if sees_everybody(user) else Slot.objects.filter(clinician__user=user)


def clinicians_of(user: AbstractUser) -> ClinicianQuerySet:
    """The clinicians whose time `user` may look at."""
    if not user.has_perm(VIEW):
        return Clinician.objects.none()
    return Clinician.objects.all() if sees_everybody(user) else Clinician.objects.filter(user=user)


def patients_of(user: AbstractUser) -> AppointmentQuerySet:
    """The appointments whose medical content `user` may read: those of which they are the clinician."""
    return appointments_of(user).filter(slot__clinician__user=user)
