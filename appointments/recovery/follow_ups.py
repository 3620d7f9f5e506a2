"""A patient books a follow-up themselves: from the page of their plan, along the way of every booking.

What is known of them is filled in as if they had typed it, so that every page shows it and they can change all of it.
How they meet and with whom is only suggested; the time, why they ask and what they agree to are asked anew. What they
wrote about their health stays with the first appointment.

The draft holds what only the link and the code have opened. So it leads back to the follow-up until it is booked: who
erases the patient finds it (`holdings`), and who leaves on a computer that others use leaves nothing of it there.
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
    """A draft for a follow-up with what is known of the patient, and the secret that leads to it.

    Raises UserFacingError as `check_to_book` does, and Appointment.DoesNotExist when the patient is erased meanwhile:
    the lock is the one that an erasure takes, which so finds every draft.
    """
    rows = Appointment.objects.select_for_update(of=("self",), no_key=True).select_related(
        "appointment_type", "slot__clinician"
    )
    patient = rows.get(pk=follow_up.plan.appointment_id)
    locked(follow_up.plan)
    check_to_book(follow_up)
    return drafts.start(at, follow_up=follow_up, **known_of(patient))


def known_of(patient: Appointment) -> dict[str, Any]:
    """What a draft holds once the patient of an appointment has answered what is known of them.

    What is known and would be refused, as of somebody who has no e-mail address, is on its page, to be put right.
    """
    about = patient.condition.slug if patient.condition else forms.NOT_SURE
    answers = {steps.ABOUT: {"condition": about}, steps.TIME: {"zone": patient.time_zone, "suggested": "yes"}}
    details, unsent = {}, {steps.HOW: suggestion(patient, answers)}
    for name, typed in typed_by(patient).items():
        form = steps.STEPS[name].form(typed, earlier=answers)
        if form.is_valid():
            answers[name], details[name] = typed, steps.meant(form)
        else:
            unsent[name] = typed
    answers[drafts.UNSENT] = {name: {"typed": typed, "wrong": False} for name, typed in unsent.items()}
    return {
        "answers": answers,
        "details": details,
        "appointment_type": patient.appointment_type,
        "condition_id": patient.condition_id,
    }


def suggestion(patient: Appointment, earlier: dict[str, dict[str, str]]) -> dict[str, str]:
    """How and with whom it was last time, as far as it is still offered."""
    last = {"type": patient.appointment_type.slug, "mode": patient.mode, "clinician": patient.slot.clinician.slug}
    form = forms.HowForm(last, earlier=earlier)
    return {name: typed for name, typed in form.typed().items() if name not in form.errors}


def typed_by(patient: Appointment) -> dict[str, dict[str, str]]:
    """What the patient would type on the pages about themselves, field by field. Staff have no page of their own."""
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
