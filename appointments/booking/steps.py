"""The way through a booking: the steps in their order, which one comes next, and what comes out at the end."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from appointments.booking import booking, drafts, forms, limits
from appointments.choices import Mode, Status
from appointments.governance import consents
from appointments.models import Appointment, AppointmentType, Clinician, Draft, FollowUp
from appointments.scheduling import timezones
from calcsite.errors import UserFacingError
from conditions.models import Listing


@dataclass(frozen=True)
class Step:
    """One page. `in_appointment` says that its fields are fields of the appointment."""

    name: str
    title: str
    form: type[forms.QuestionForm]
    in_appointment: bool = True


@dataclass(frozen=True)
class Wish:
    """What kind of time somebody looks for. `clinician` is None for anyone."""

    appointment_type: AppointmentType
    mode: str
    clinician: Clinician | None

    @property
    def way(self) -> str:
        words = Mode(self.mode).label.lower()
        return words if self.mode == Mode.IN_PERSON else f"by {words}"


NOTHING_CHOSEN = "nothing"  # in the address of the first page, when it was sent empty and there is no draft yet
ABOUT, HOW, TIME, CONSENT = "about", "how", "time", "consent"
STEPS = {
    step.name: step
    for step in [
        Step(ABOUT, "What is the second opinion about?", forms.AboutForm, in_appointment=False),
        Step(HOW, "How, and with whom", forms.HowForm, in_appointment=False),
        Step(TIME, "Choose a time", forms.QuestionForm),
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
    """The claim on a slot that somebody has while they write."""
    return None if draft is None or is_booked(draft) else draft.appointment


def is_kept(draft: Draft | None) -> bool:
    """Whether the time that somebody holds is theirs alone now. One that ran out may go to others at any moment."""
    appointment = held(draft)
    return bool(appointment and appointment.held_until > timezone.now())


def can_be_kept(draft: Draft | None) -> bool:
    """Whether a hold, running or run out, can be made longer."""
    appointment = held(draft)
    return bool(appointment and timezone.now() < booking.latest_end(appointment))


def zone_of(draft: Draft | None) -> str:
    """The zone in which somebody chose their time; before that, the clinic's."""
    return timezones.named(draft.answers.get(TIME, {}).get("zone") if draft else None).key


def form_of(step: Step, draft: Draft | None, data: Any = None, **kwargs: Any) -> forms.QuestionForm:
    return step.form(data, earlier=draft.answers if draft else {}, **kwargs)


def form_shown(step: Step, draft: Draft | None, asked: dict[str, str]) -> forms.QuestionForm:
    """The form of a page as somebody finds it: as they left it, with what is wrong, or else as they answered it.

    `asked` is what the address of the page says.
    """
    unsent, initial = drafts.unsent(draft, step.name), asked if step.name == NAMES[0] else None
    if unsent and not unsent["wrong"]:
        typed = form_of(step, draft, unsent["typed"])
        return form_of(step, draft, initial={field.name: field.data for field in typed})
    nothing = {} if draft is None and NOTHING_CHOSEN in asked else None
    given = unsent["typed"] if unsent else draft.answers.get(step.name) if draft else nothing
    return form_of(step, draft, given, initial=initial)


def is_answered(step: Step, draft: Draft) -> bool:
    """Whether a step has an answer, which was good when it was given. To words that have changed nobody agreed."""
    if step.name == TIME:
        return draft.appointment_id is not None
    if step.name == CONSENT:
        return draft.details.get(CONSENT, {}).get("consent_version") == consents.VERSION
    return step.name in (draft.details if step.in_appointment else draft.answers)


def first_unanswered(draft: Draft | None) -> str:
    """The step that comes next: the check, once everything is answered."""
    if draft is None:
        return NAMES[0]
    return next((step.name for step in STEPS.values() if not is_answered(step, draft)), CHECK)


def is_reached(name: str, draft: Draft | None) -> bool:
    """Whether everything that comes before a step is answered."""
    return NAMES.index(name) <= NAMES.index(first_unanswered(draft))


def before(name: str, draft: Draft | None) -> str:
    """Where Back leads: to the check from what is changed there, otherwise one step back. "" is the first page."""
    if draft and name != CHECK and first_unanswered(draft) == CHECK:
        return CHECK
    place = NAMES.index(name)
    return NAMES[place - 1] if place else ""


def wish(draft: Draft) -> Wish | None:
    """What was asked for under "how"; None when it is no longer offered."""
    asked, appointment_type, who = draft.answers.get(HOW, {}), draft.appointment_type, draft.clinician
    is_offered = (
        appointment_type and appointment_type.bookable_by_patients and asked.get("mode") in appointment_type.modes
    )
    is_there = who.is_accepting if who else not asked.get("clinician")
    return Wish(appointment_type, asked["mode"], who) if is_offered and is_there else None


def answer(*, draft: Draft, step: Step, form: forms.QuestionForm) -> None:
    """Keep what a valid form was filled in with. After another answer to "how" the hold may have to change."""
    found = form.cleaned_data
    if step.name == HOW:
        drafts.save(
            draft=draft,
            step=HOW,
            answers=form.typed(),
            appointment_type=found["appointment_type"],
            clinician=found["who"],
        )
        fit_hold(draft)
    elif step.name == ABOUT:
        chosen = found["listing"]
        drafts.save(draft=draft, step=ABOUT, answers=form.typed(), condition_id=chosen and chosen.condition_id)
    else:
        details = meant(form) if step.in_appointment else None
        drafts.save(draft=draft, step=step.name, answers=form.typed(), details=details)


def meant(form: forms.QuestionForm) -> dict[str, Any]:
    """What the answers to a valid form mean, as fields of the appointment that a draft can hold."""
    return {name: as_json(value) for name, value in form.cleaned_data.items()}


def as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def fit_hold(draft: Draft) -> None:
    """After another answer to "how": keep the time that is held if it is offered like this too, or let go of it.

    One that has been held for as long as can be is let go of too: otherwise this would hold it for ever.
    """
    appointment, wanted = held(draft), wish(draft)
    if appointment is None:
        return
    is_fresh = timezone.now() < booking.latest_end(appointment)
    fits = wanted and (wanted.clinician is None or wanted.clinician.pk == appointment.slot.clinician_id)
    if is_fresh and fits:
        try:
            draft.appointment = booking.hold(
                draft=draft, slot=appointment.slot, appointment_type=wanted.appointment_type, mode=wanted.mode
            )
        except UserFacingError:
            pass
        else:
            return
    booking.release(draft=draft)
    draft.appointment = None


def about(draft: Draft) -> str:
    """What somebody asks about, in words."""
    if draft.condition_id is None:
        return forms.NOT_SURE_WORDS
    listing = Listing.objects.filter(pk=draft.condition_id).first()
    return listing.name if listing else "The condition that you chose. Its page is not public at the moment."


def details(draft: Draft) -> dict[str, Any]:
    """What the patient has said, as fields of their appointment."""
    said = {name: value for fields in draft.details.values() for name, value in fields.items()}
    return said | {"date_of_birth": date.fromisoformat(said["date_of_birth"])}


def book(draft: Draft, at: datetime | None = None) -> Appointment:
    """Book what was answered. Raises TooManyError, and what else `booking.book` raises."""
    now, said = at or timezone.now(), details(draft)
    said |= {"condition_id": draft.condition_id, "time_zone": zone_of(draft), "consented_at": now}
    return booking.book(draft=draft, details=said, is_allowed=lambda: limits.may_book(said["email"], at=now), at=now)


def is_follow_up(draft: Draft, booked: Appointment) -> bool | None:
    """Whether what a draft has become is the follow-up that it was begun for. None when it was begun for none.

    Somebody else may have booked that at the same moment: then this is an appointment of its own.
    """
    return FollowUp.objects.filter(pk=draft.follow_up_id, appointment=booked).exists() if draft.follow_up_id else None


def go(name: str) -> HttpResponse:
    return redirect("appointments:step", name)
