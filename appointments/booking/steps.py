"""The steps of a booking in their order, the next one, and the appointment that comes of the answers.

`Draft.answers` holds one entry for each answered step, by its name. For a step that is `in_appointment` these are
fields of the appointment, as JSON; for the others, the values of the form's fields as they were sent.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from appointments.booking import booking, drafts, forms
from appointments.choices import Mode, Status
from appointments.governance import consents
from appointments.models import Appointment, AppointmentType, Clinician, Draft, FollowUp
from appointments.scheduling import timezones
from calcsite.errors import UserFacingError
from conditions.models import Listing


@dataclass(frozen=True)
class Step:
    """One page. `in_appointment`: its answers are fields of the appointment."""

    name: str
    title: str
    form: type[forms.QuestionForm]
    in_appointment: bool = True


@dataclass(frozen=True)
class SlotCriteria:
    """Which slots a patient looks for. `clinician` is None for any clinician."""

    appointment_type: AppointmentType
    mode: str
    clinician: Clinician | None

    @property
    def mode_in_words(self) -> str:
        words = Mode(self.mode).label.lower()
        return words if self.mode == Mode.IN_PERSON else f"by {words}"


NOTHING_CHOSEN = "nothing"  # a parameter of the first page: it was sent empty, and there is no draft yet
ABOUT, HOW, TIME, CONSENT = "about", "how", "time", "consent"
STEPS = {
    step.name: step
    for step in [
        Step(ABOUT, "What is the second opinion about?", forms.AboutForm, in_appointment=False),
        Step(HOW, "How, and with whom", forms.HowForm, in_appointment=False),
        Step(TIME, "Choose a time", forms.QuestionForm, in_appointment=False),
        Step("who", "Who is the appointment for?", forms.WhoForm),
        Step("you", "Who we see, and how we reach you", forms.YouForm),
        Step("needs", "Language and access", forms.NeedsForm),
        Step("why", "Why you ask", forms.WhyForm),
        Step(CONSENT, "What you agree to", forms.ConsentForm),
    ]
}
CHECK = "check"
NAMES = [*STEPS, CHECK]


def is_booked(draft: Draft | None) -> bool:
    return bool(draft and draft.appointment and draft.appointment.status != Status.HELD)


def held(draft: Draft | None) -> Appointment | None:
    """The hold of a draft, until it is booked."""
    return None if draft is None or is_booked(draft) else draft.appointment


def is_kept(draft: Draft | None) -> bool:
    """Whether a draft has a hold that has not run out. One that has may go to others at any moment."""
    appointment = held(draft)
    return bool(appointment and appointment.held_until > timezone.now())


def can_be_kept(draft: Draft | None) -> bool:
    """Whether the hold of a draft, running or run out, can be extended."""
    appointment = held(draft)
    return bool(appointment and timezone.now() < booking.latest_end(appointment))


def zone_of(draft: Draft | None) -> str:
    """The zone in which the time was chosen; before that, the clinic's."""
    return timezones.named(draft.answers.get(TIME, {}).get("zone") if draft else None).key


def form_of(step: Step, draft: Draft | None, data: Any = None, **kwargs: Any) -> forms.QuestionForm:
    return step.form(data, earlier=draft.answers if draft else {}, **kwargs)


def form_shown(step: Step, draft: Draft | None, query: dict[str, str]) -> forms.QuestionForm:
    """The form of a page: with unsent input and its errors, or else with the answers. `query` is the page's own."""
    unsent, initial = drafts.unsent(draft, step.name), query if step.name == NAMES[0] else None
    if unsent and not unsent["wrong"]:
        typed = form_of(step, draft, unsent["typed"])
        return form_of(step, draft, initial={field.name: field.data for field in typed})
    nothing = {} if draft is None and NOTHING_CHOSEN in query else None
    answers = draft.answers.get(step.name) if draft else nothing
    if answers and step.in_appointment:
        answers = step.form.typed_of(answers)
    return form_of(step, draft, unsent["typed"] if unsent else answers, initial=initial)


def first_unanswered(draft: Draft | None) -> str:
    """The next step: the check, once everything is answered.

    A time is answered while the draft has a hold or a booking. Consent to an outdated version does not count.
    """
    if draft is None:
        return NAMES[0]
    has_agreed = draft.answers.get(CONSENT, {}).get("consent_version") == consents.VERSION
    answered = {TIME: draft.appointment_id is not None, CONSENT: has_agreed}
    return next((name for name in STEPS if not answered.get(name, name in draft.answers)), CHECK)


def before(name: str, draft: Draft | None) -> str:
    """The step that Back leads to: the check if it has been reached, otherwise one step back. "" is the first page."""
    if draft and name != CHECK and first_unanswered(draft) == CHECK:
        return CHECK
    place = NAMES.index(name)
    return NAMES[place - 1] if place else ""


def slot_criteria(draft: Draft) -> SlotCriteria | None:
    """The answers to "how"; None if they are no longer offered."""
    answers, appointment_type, clinician = draft.answers.get(HOW, {}), draft.appointment_type, draft.clinician
    is_open = appointment_type and appointment_type.bookable_by_patients
    is_offered = is_open and answers.get("mode") in appointment_type.modes
    is_there = clinician.is_accepting if clinician else not answers.get("clinician")
    return SlotCriteria(appointment_type, answers["mode"], clinician) if is_offered and is_there else None


def answer(*, draft: Draft, step: Step, form: forms.QuestionForm) -> None:
    """Store the answers of a valid form. After another answer to "how" the hold may have to change."""
    found, rows = form.cleaned_data, {}
    if step.name == HOW:
        rows = {"appointment_type": found["appointment_type"], "clinician": found["chosen_clinician"]}
    elif step.name == ABOUT:
        rows = {"condition_id": found["listing"] and found["listing"].condition_id}
    answers = form.meant() if step.in_appointment else form.typed()
    drafts.save(draft=draft, step=step.name, answers=answers, **rows)
    if step.name == HOW:
        fit_hold(draft)


def fit_hold(draft: Draft) -> None:
    """After another answer to "how": hold the slot in the new way if it is offered, or release it.

    A hold at its latest end is released too: otherwise it could be held for ever.
    """
    appointment, criteria = held(draft), slot_criteria(draft)
    if appointment is None:
        return
    is_fresh = timezone.now() < booking.latest_end(appointment)
    fits = criteria and (criteria.clinician is None or criteria.clinician.pk == appointment.slot.clinician_id)
    if is_fresh and fits:
        try:
            way = {"appointment_type": criteria.appointment_type, "mode": criteria.mode}
            draft.appointment = booking.hold(draft=draft, slot=appointment.slot, **way)
        except UserFacingError:
            pass
        else:
            return
    booking.release(draft=draft)
    draft.appointment = None


def about(draft: Draft) -> str:
    """The condition that the booking is about, in words."""
    if draft.condition_id is None:
        return forms.NOT_SURE_WORDS
    listing = Listing.objects.filter(pk=draft.condition_id).first()
    return listing.name if listing else "The condition that you chose. Its page is not public at the moment."


def details(draft: Draft) -> dict[str, Any]:
    """The answers as fields of the appointment."""
    fields: dict[str, Any] = {}
    for step in STEPS.values():
        fields |= draft.answers[step.name] if step.in_appointment else {}
    return fields | {"date_of_birth": date.fromisoformat(fields["date_of_birth"])}


def book(draft: Draft, at: datetime | None = None) -> Appointment:
    """Book a draft in which everything is answered. Raises as `booking.book` does."""
    now, zone = at or timezone.now(), draft.answers.get(TIME, {}).get("zone")
    zone = zone if zone in timezones.known_names() else settings.TIME_ZONE
    fields = details(draft) | {"condition_id": draft.condition_id, "time_zone": zone, "consented_at": now}
    return booking.book(draft=draft, details=fields, is_limited=True, at=now)


def is_follow_up(draft: Draft, booked: Appointment) -> bool | None:
    """Whether an appointment is the follow-up that its draft was begun for. None if it was begun for none.

    That follow-up may have been booked otherwise at the same moment: then this appointment stands on its own.
    """
    return FollowUp.objects.filter(pk=draft.follow_up_id, appointment=booked).exists() if draft.follow_up_id else None


def redirect_to_step(name: str) -> HttpResponse:
    return redirect("appointments:step", name)
