"""A worklist: a named query for appointments that need an action by staff."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from appointments.choices import Status
from appointments.governance.permissions import appointments_of
from appointments.models import Appointment
from appointments.models.appointments import AppointmentQuerySet


@dataclass(frozen=True)
class Worklist:
    """One kind of action to take. `among` narrows the appointments that the user may see to its own."""

    key: str
    title: str
    about: str
    among: Callable[[AppointmentQuerySet, datetime], AppointmentQuerySet]
    marks: tuple[Status, ...] = ()  # that can be made from the list itself
    is_urgent: bool = False  # True after an error, when a patient may come in vain
    permission: str = ""  # required besides `view_appointment`

    def find(self, user: AbstractUser, at: datetime | None = None) -> AppointmentQuerySet:
        if self.permission and not user.has_perm(self.permission):
            return Appointment.objects.none()
        found = self.among(appointments_of(user), at or timezone.now())
        return found.select_related("slot__clinician", "appointment_type").order_by("slot__starts", "pk")
