"""Booking of a follow-up by the patient: from the page of their plan, through the steps of every booking.

The known details are filled in as if the patient had typed them, so that every page shows them and they can be
changed. Mode and clinician are only suggested; the time, the reason and the consent are asked anew. Words about their
health stay with the first appointment.

The draft holds data that only the link and the code have opened. So it refers to the follow-up until it is booked: an
erasure of the patient finds it (`privacy.registry`), and leaving on a shared computer leaves nothing of it there.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from appointments.booking import drafts, forms, steps
from appointments.models import Appointment, Draft, FollowUp
from appointments.recovery.plans import check_to_book, locked

WHO, YOU, NEEDS = "who", "you", "needs"


@transaction.atomic
def begin(*, follow_up: FollowUp, at: datetime | None = None) -> tuple[Draft, str]:
    """Create a draft for a follow-up with the known details of the patient. Returns it with its secret.

    Raises UserFacingError as `check_to_book` does, and Appointment.DoesNotExist when the patient was erased meanwhile.
    An erasure takes the same lock, so that it finds every draft.
    """
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related(
        "appointment_type", "slot__clinician"
    )
    patient = rows.get(pk=follow_up.plan.appointment_id)
    locked(follow_up.plan)
    check_to_book(follow_up)
    return drafts.start(at, follow_up=follow_up, **prefilled(patient))


def prefilled(patient: Appointment) -> dict[str, Any]:
    """The fields of a draft in which the steps are answered with the known details of a patient.

    Details that the form would refuse, such as a missing e-mail address, are filled in on their page as unsent.
    """
    about = patient.condition.slug if patient.condition else forms.NOT_SURE
    answers = {steps.ABOUT: {"condition": about}, steps.TIME: {"zone": patient.time_zone, "suggested": "yes"}}
    unsent = {steps.HOW: last_offer(patient, answers)}
    for name, typed in form_data(patient).items():
        form = steps.STEPS[name].form(typed, earlier=answers)
        if form.is_valid():
            answers[name] = form.meant()
        else:
            unsent[name] = typed
    answers[drafts.UNSENT] = {name: {"typed": typed, "wrong": False} for name, typed in unsent.items()}
    rows = {"appointment_type": patient.appointment_type, "condition_id": patient.condition_id}
    return {"answers": answers, **rows}


def last_offer(patient: Appointment, earlier: dict[str, dict[str, str]]) -> dict[str, str]:
    """The type, mode and clinician of the last appointment, as far as they are still offered."""
    last = {"type": patient.appointment_type.slug, "mode": patient.mode, "clinician": patient.slot.clinician.slug}
    form = forms.HowForm(last, earlier=earlier)
    return {name: typed for name, typed in form.typed().items() if name not in form.errors}


def form_data(patient: Appointment) -> dict[str, dict[str, str]]:
    """The known details as the input of the steps about the patient, by step."""
    born = patient.date_of_birth
    parts = {"day": born.day, "month": born.month, "year": born.year} if born else {}
    carer = {"carer_name": patient.carer_name, "carer_relation": patient.carer_relation}
    you = {name: getattr(patient, name) for name in ("name", "email", "telephone")}
    needs = {"language": patient.language, "needs": patient.needs}
    return {
        WHO: {"booked_by": "carer" if patient.carer_name else "patient"} | carer,
        YOU: you | {f"date_of_birth_{part}": str(number) for part, number in parts.items()},
        NEEDS: needs | ({"needs_interpreter": "on"} if patient.needs_interpreter else {}),
    }
