"""The page on which a patient chooses a time, which is held for them from then on."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from appointments.access.decorators import form_page
from appointments.booking import booking, drafts, limits, steps
from appointments.booking.patient_views import day_asked_for
from appointments.booking.steps import go
from appointments.booking.views import in_order, page
from appointments.models import Draft, Slot
from appointments.scheduling import availability, timezones
from calcsite.errors import UserFacingError
from calcsite.web.keys import key_in

CHOOSE_ONE = "Choose one time from the list."
GONE = "That time has gone"
NOT_KEPT = {
    "heading": "We no longer keep your time",
    "notice": "You may still find it below, or choose another one. Your answers are kept.",
}


@form_page
@in_order("appointment_type", "clinician", "follow_up")
def choose_time(request: HttpRequest, name: str, draft: Draft) -> HttpResponse:
    """Free times, in the clinic's zone or the patient's own. POST claims one for the patient while they write."""
    wanted = steps.wish(draft)
    if wanted is None:
        return go("how")
    if request.method != "POST":
        return offer(request, draft, wanted, **words(request, draft))
    if not limits.may_hold(request):
        return limits.refusal("chosen")
    slot = posted_slot(request, wanted)
    if slot is None:
        return refused(request, draft, problem=CHOOSE_ONE)
    try:
        limits.hold(request, draft=draft, slot=slot, appointment_type=wanted.appointment_type, mode=wanted.mode)
    except booking.TooManyError:
        return limits.refusal("chosen")
    except booking.TimeTakenError as error:
        return refused(request, draft, heading=GONE, notice=f"{error} Choose another one: your answers are kept.")
    except UserFacingError as error:
        return refused(request, draft, problem=str(error))
    drafts.save(draft=draft, step=steps.TIME, answers={"zone": zone_of(request, draft)})
    draft.refresh_from_db()
    return go(steps.first_unanswered(draft))


def refused(request: HttpRequest, draft: Draft, **said: str) -> HttpResponse:
    """Back to the days that were shown, which now say what is the matter with the time that was chosen."""
    drafts.keep(draft=draft, step=steps.TIME, typed={}, **said)
    asked = {"refused": "yes", "zone": zone_of(request, draft)}
    if day := day_asked_for(request):
        asked["from"] = day.isoformat()
    return redirect(f"{reverse('appointments:time')}?{urlencode(asked)}")


def words(request: HttpRequest, draft: Draft) -> dict[str, str]:
    """What is the matter: said where somebody comes to, and not again on the other days and in other zones."""
    if "refused" in request.GET:
        said = drafts.unsent(draft, steps.TIME)
        return {name: said[name] for name in ("problem", "heading", "notice") if name in said}
    answer = draft.answers.get(steps.TIME)
    was_lost = answer and "suggested" not in answer and steps.held(draft) is None
    return NOT_KEPT if was_lost and not {"from", "zone"} & request.GET.keys() else {}


def posted_slot(request: HttpRequest, wanted: steps.Wish) -> Slot | None:
    """The one slot that was chosen; None for none, for two, and for one that was not offered like this."""
    chosen = request.POST.getlist("slot")
    if len(chosen) != 1:
        return None
    slots = Slot.objects.filter(clinician=wanted.clinician) if wanted.clinician else Slot.objects
    return slots.filter(pk=key_in(chosen[0])).first()


def zone_of(request: HttpRequest, draft: Draft) -> str:
    """The zone to show times in: the one asked for, the one asked for before, or the clinic's."""
    asked = request.POST.get("zone") or request.GET.get("zone")
    return asked if timezones.is_known(asked) else steps.zone_of(draft)


def offer(request: HttpRequest, draft: Draft, wanted: steps.Wish, **context: object) -> HttpResponse:
    """The page of free times, from the day that is asked for; those for a follow-up begin around its own."""
    zone = zone_of(request, draft)
    asked = {"appointment_type": wanted.appointment_type, "mode": wanted.mode, "clinician": wanted.clinician}
    first = day_asked_for(request) or (draft.follow_up and draft.follow_up.day)
    shown = availability.days_page(**asked, first=first, zone=zone)
    # The first time of all, without asking the database again when the list begins with it. Of a follow-up, the first
    # one on the page: earlier than was arranged is rarely better.
    begins_with_it = shown.days and (shown.earlier is None or draft.follow_up)
    soonest = shown.days[0].slots[0] if begins_with_it else availability.first_available(**asked)
    context |= {
        "wish": wanted,
        "zone": zone,
        "zones": timezones.by_region(),
        "following": steps.first_unanswered(draft),
        "first_available": soonest,
    }
    return page(request, "time", steps.TIME, draft, **vars(shown), **context)
