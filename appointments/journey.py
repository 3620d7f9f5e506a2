"""The way through a booking: the steps in their order, which one comes next, and what comes out at the end."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from appointments import booking, drafts, forms
from appointments.kinds import Mode, Status
from appointments.models import Appointment, AppointmentType, Clinician, Draft
from conditions.models import Condition


@dataclass(frozen=True)
class Step:
    """One page. `by_heart` says that its form asks the database nothing, so that it can be asked on every page."""

    name: str
    title: str
    form: type[forms.QuestionForm]
    by_heart: bool = True


@dataclass(frozen=True)
class Wish:
    """What kind of time somebody looks for. `clinician` is None for anyone."""

    kind: AppointmentType
    mode: str
    clinician: Clinician | None

    @property
    def way(self) -> str:
        words = Mode(self.mode).label.lower()
        return words if self.mode == Mode.IN_PERSON else f"by {words}"


TIME = "time"
STEPS = {
    step.name: step
    for step in [
        Step("about", "What is the second opinion about?", forms.AboutForm, by_heart=False),
        Step("how", "How, and with whom", forms.HowForm, by_heart=False),
        Step(TIME, "Choose a time", forms.QuestionForm),
        Step("who", "Who is the appointment for?", forms.WhoForm),
        Step("you", "Who we see, and how we reach you", forms.YouForm),
        Step("needs", "Language and access", forms.NeedsForm),
        Step("why", "Why you ask", forms.WhyForm),
        Step("consent", "What you agree to", forms.ConsentForm),
    ]
}
CHECK = "check"
NAMES = [*STEPS, CHECK]


def is_booked(draft: Draft | None) -> bool:
    return bool(draft and draft.appointment and draft.appointment.status != Status.HELD)


def held(draft: Draft | None) -> Appointment | None:
    """The claim on a slot that somebody has while they write."""
    return None if draft is None or is_booked(draft) else draft.appointment


def zone_of(draft: Draft | None) -> str:
    """The zone in which somebody chose their time; before that, the clinic's."""
    return (draft.answers.get(TIME, {}).get("zone") if draft else None) or settings.TIME_ZONE


def form_of(step: Step, draft: Draft | None, data: Any = None, **kwargs: Any) -> forms.QuestionForm:
    return step.form(data, earlier=draft.answers if draft else {}, **kwargs)


def is_answered(step: Step, draft: Draft) -> bool:
    if step.name == TIME:
        return draft.appointment is not None
    given = draft.answers.get(step.name)
    return given is not None and (not step.by_heart or form_of(step, draft, given).is_valid())


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
    form = form_of(STEPS["how"], draft, draft.answers.get("how", {}))
    if not form.is_valid() or form.cleaned_data["kind"] is None:
        return None
    return Wish(form.cleaned_data["kind"], form.cleaned_data["mode"], form.cleaned_data["who"])


def fit_hold(draft: Draft) -> None:
    """After another answer to "how": keep the time that is held if it is offered like this too, or let go of it.

    One that has been held for as long as can be is let go of too: otherwise this would hold it for ever.
    """
    appointment, wanted = held(draft), wish(draft)
    if appointment is None:
        return
    is_fresh = timezone.now() < booking.latest_end(appointment)
    if is_fresh and wanted and wanted.clinician in (None, appointment.slot.clinician):
        try:
            draft.appointment = booking.hold(draft=draft, slot=appointment.slot, kind=wanted.kind, mode=wanted.mode)
        except booking.BookingError:
            pass
        else:
            return
    booking.let_go(appointment)
    draft.appointment = None


def details(draft: Draft) -> dict[str, Any]:
    """What the patient has said, as fields of their appointment."""
    found: dict[str, Any] = {}
    for step in STEPS.values():
        if step.by_heart and step.name != TIME:
            form = form_of(step, draft, draft.answers[step.name])
            form.full_clean()
            found |= form.cleaned_data
    slug = draft.answers["about"]["condition"]
    return found | {
        "condition": Condition.objects.filter(listing__slug=slug).first(),
        "time_zone": zone_of(draft),
        "consented_at": timezone.now(),
    }


@transaction.atomic
def book(*, draft: Draft, details: dict[str, Any]) -> Appointment:
    """Book, and forget the answers: they are in the appointment. Raises what `booking.book` raises."""
    appointment = booking.book(draft=draft, details=details)
    drafts.empty(draft)
    return appointment
