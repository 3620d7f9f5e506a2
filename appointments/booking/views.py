"""The booking of a second opinion, without an account: the questions, the free times, the check, the confirmation."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from appointments.access.decorators import form_page
from appointments.booking import booking, drafts, limits, steps
from appointments.booking.forms import TRAP, TRAPPED, QuestionForm
from appointments.booking.patient_views import day_asked_for
from appointments.booking.steps import redirect_to_step
from appointments.choices import TaskStatus
from appointments.governance import consents
from appointments.guidance import copies
from appointments.models import Appointment, Draft, Slot
from appointments.scheduling import availability, local_times, timezones
from calcsite.errors import UserFacingError
from calcsite.web.keys import key_in
from calcsite.web.public_pages import public_page
from conditions.models import Listing

View = Callable[..., HttpResponse]

CHOOSE_ONE = "Choose one time from the list."
GONE = "That time has gone"
NOT_KEPT = {
    "heading": "We no longer keep your time",
    "notice": "You may still find it below, or choose another one. Your answers are kept.",
}


def draft_expired() -> HttpResponse:
    """Visitors whose draft has expired see a message on the first page."""
    return redirect(f"{reverse('appointments:book')}?gone=yes")


def in_order(*also: str) -> Callable[[View], View]:
    """A page of the booking. Visitors who have not answered the pages before it are redirected to the first of them.

    A page can still be sent after the hold has run out. `also` names related rows that the page reads of the draft.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def reached(request: HttpRequest, name: str, **kwargs: object) -> HttpResponse:
            if name not in steps.NAMES:
                raise Http404
            draft = drafts.find(request, *also)
            had_one = request.method == "POST" or drafts.COOKIE in request.COOKIES
            if draft is None and had_one and name != steps.NAMES[0]:
                return draft_expired()
            if steps.is_booked(draft) and name != steps.NAMES[0]:
                return redirect("appointments:booked")
            following = steps.first_unanswered(draft)
            was_late = request.method == "POST" and following == steps.TIME and name != steps.CHECK
            if steps.NAMES.index(name) > steps.NAMES.index(following) and not was_late:
                return redirect_to_step(following)
            return view(request, name, draft=draft, **kwargs)

        return reached

    return decorate


def render_page(
    request: HttpRequest, template: str, name: str, draft: Draft | None, **context: object
) -> HttpResponse:
    """Render a page of the booking, with the way back and the end of the hold."""
    before = steps.before(name, draft)
    back = reverse("appointments:step", args=[before]) if before else reverse("appointments:book")
    shared = {"name": name, "back": back, "held": steps.held(draft), "zone": steps.zone_of(draft)}
    shared |= {"is_kept": steps.is_kept(draft), "can_be_kept": steps.can_be_kept(draft)}
    shared |= {"asked_to_keep": "kept" in request.GET, "clinic_zone": settings.TIME_ZONE, "problem": "", "notice": ""}
    shared |= {"follow_up": draft and draft.follow_up}
    return render(request, f"appointments/booking/{template}.html", shared | context)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """The first page. `?condition=` names the condition's page that the visitor comes from."""
    slug = request.GET.get("condition", "")[:120]
    listing = Listing.objects.filter(slug=slug).first() if slug else None
    draft = drafts.find(request)
    following = "" if draft is None or steps.is_booked(draft) else steps.first_unanswered(draft)
    context = {"condition": listing, "following": following, "booked": steps.is_booked(draft)}
    context["gone"] = draft is None and "gone" in request.GET
    return render(request, "appointments/booking/start.html", context)


@form_page
@in_order()
def question(request: HttpRequest, name: str, draft: Draft | None) -> HttpResponse:
    """One page of questions: GET shows the stored input or answers, POST answers it or extends the hold.

    A POST redirects to a page that can be loaded again, whether or not its input was valid.
    """
    step = steps.STEPS[name]
    draft = None if steps.is_booked(draft) else draft  # a new booking begins
    if request.method != "POST":
        return render_step(request, step, draft, steps.form_shown(step, draft, request.GET.dict()))
    form = steps.form_of(step, draft, request.POST)
    typed = form.typed()
    if "keep" in request.POST and draft:
        return keep_input(request, step, draft, typed, extend_hold(draft, name), wrong=False)
    if form.is_valid():
        return save_answers(request, step, draft, form)
    if form.is_trapped:
        return render_step(request, step, draft, form)
    if draft is None:
        return redirect(f"{reverse('appointments:step', args=[name])}?{steps.NOTHING_CHOSEN}=yes")
    if not drafts.is_kept(typed):
        return render_step(request, step, draft, form)
    return keep_input(request, step, draft, typed, redirect_to_step(name), wrong=True)


def render_step(request: HttpRequest, step: steps.Step, draft: Draft | None, form: QuestionForm) -> HttpResponse:
    context = {"form": form, "title": step.title, "consent": consents}
    return render_page(request, "question", step.name, draft, **context)


def keep_input(
    request: HttpRequest,
    step: steps.Step,
    draft: Draft,
    typed: dict[str, str],
    response: HttpResponse,
    *,
    wrong: bool,
) -> HttpResponse:
    """Store input that is no answer, for the page that `response` redirects to."""
    drafts.keep(draft=draft, step=step.name, typed=typed, wrong=wrong)
    drafts.remember(response, request.COOKIES[drafts.COOKIE])
    return response


def extend_hold(draft: Draft, name: str) -> HttpResponse:
    """Extend the hold, if that is possible. The page says until when; without a hold it redirects to the times."""
    with suppress(UserFacingError):
        booking.extend(draft=draft)
    return redirect(f"{reverse('appointments:step', args=[name])}?kept=yes")


def save_answers(request: HttpRequest, step: steps.Step, draft: Draft | None, form: QuestionForm) -> HttpResponse:
    """Store the answers of a page, in a new draft if there is none, and redirect to the next step."""
    secret = request.COOKIES.get(drafts.COOKIE, "")
    if draft is None:
        if not limits.may_begin(request):
            return limits.refusal("begun")
        draft, secret = drafts.start()
    steps.answer(draft=draft, step=step, form=form)
    response = redirect_to_step(steps.first_unanswered(draft))
    drafts.remember(response, secret)
    return response


@form_page
@in_order("appointment_type", "clinician", "follow_up")
def choose_time(request: HttpRequest, name: str, draft: Draft) -> HttpResponse:
    """Free times, in the clinic's zone or the patient's own. POST holds one for the draft."""
    criteria = steps.slot_criteria(draft)
    if criteria is None:
        return redirect_to_step(steps.HOW)
    if request.method != "POST":
        return render_times(request, draft, criteria)
    if not limits.may_hold(request):
        return limits.refusal("chosen")
    slot = posted_slot(request, criteria)
    if slot is None:
        return refuse_time(request, draft, problem=CHOOSE_ONE)
    try:
        way = {"appointment_type": criteria.appointment_type, "mode": criteria.mode}
        limits.hold(request, draft=draft, slot=slot, **way)
    except booking.TooManyError:
        return limits.refusal("chosen")
    except booking.TimeTakenError as error:
        return refuse_time(request, draft, heading=GONE, notice=f"{error} Choose another one: your answers are kept.")
    except UserFacingError as error:
        return refuse_time(request, draft, problem=str(error))
    drafts.save(draft=draft, step=steps.TIME, answers={"zone": zone_asked_for(request, draft)})
    draft.refresh_from_db()
    return redirect_to_step(steps.first_unanswered(draft))


def refuse_time(request: HttpRequest, draft: Draft, **notice: str) -> HttpResponse:
    """Redirect to the days that were shown, with a notice about the time that was chosen."""
    drafts.keep(draft=draft, step=steps.TIME, typed={}, **notice)
    query = {"refused": "yes", "zone": zone_asked_for(request, draft)}
    if day := day_asked_for(request):
        query["from"] = day.isoformat()
    return redirect(f"{reverse('appointments:time')}?{urlencode(query)}")


def time_notice(request: HttpRequest, draft: Draft) -> dict[str, str]:
    """The notice above the times: of a refused or lost time, and not again on other days or in other zones."""
    if "refused" in request.GET:
        notice = drafts.unsent(draft, steps.TIME)
        return {name: notice[name] for name in ("problem", "heading", "notice") if name in notice}
    answer = draft.answers.get(steps.TIME)
    was_lost = answer and "suggested" not in answer and steps.held(draft) is None
    return NOT_KEPT if was_lost and not {"from", "zone"} & request.GET.keys() else {}


def posted_slot(request: HttpRequest, criteria: steps.SlotCriteria) -> Slot | None:
    """The one slot that was chosen; None for none, for two, and for one of another clinician."""
    chosen = request.POST.getlist("slot")
    if len(chosen) != 1:
        return None
    slots = Slot.objects.filter(clinician=criteria.clinician) if criteria.clinician else Slot.objects
    return slots.filter(pk=key_in(chosen[0])).first()


def zone_asked_for(request: HttpRequest, draft: Draft) -> str:
    """The zone to show times in: of this request, of an earlier one, or the clinic's."""
    asked = request.POST.get("zone") or request.GET.get("zone")
    return asked if timezones.is_known(asked) else steps.zone_of(draft)


def render_times(request: HttpRequest, draft: Draft, criteria: steps.SlotCriteria) -> HttpResponse:
    """Render the free times from the day that is asked for; for a follow-up, from its own day."""
    zone, asked = zone_asked_for(request, draft), vars(criteria)
    first = day_asked_for(request) or (draft.follow_up and draft.follow_up.day)
    shown = availability.days_page(**asked, first=first, zone=zone)
    # The first time of all, without asking the database again when the list begins with it. Of a follow-up, the first
    # one on the page: earlier than was arranged is rarely better.
    begins_with_it = shown.days and (shown.earlier is None or draft.follow_up)
    soonest = shown.days[0].slots[0] if begins_with_it else availability.first_available(**asked)
    context = time_notice(request, draft) | {
        "criteria": criteria,
        "zone": zone,
        "zones": timezones.by_region(),
        "following": steps.first_unanswered(draft),
        "first_available": soonest,
    }
    return render_page(request, "time", steps.TIME, draft, **vars(shown), **context)


@form_page
@in_order()
def check(request: HttpRequest, name: str, draft: Draft) -> HttpResponse:
    """The answers once more; POST books. The confirmation tells whether a follow-up was booked (`?follow_up=`)."""
    if request.method == "POST" and "keep" in request.POST:
        return extend_hold(draft, name)
    is_trapped = bool(request.POST.get(TRAP, "").strip())
    if request.method != "POST" or is_trapped:
        context = {"answers": steps.details(draft), "about": steps.about(draft)}
        return render_page(request, "check", name, draft, **context, problem=TRAPPED if is_trapped else "")
    try:
        made = steps.book(draft)
    except booking.TooManyError:
        return limits.refusal("booked")
    except UserFacingError:
        return redirect_to_step(steps.TIME)  # which shows that the time has gone, and offers others
    is_follow_up = steps.is_follow_up(draft, made)
    query = "" if is_follow_up is None else f"?follow_up={'yes' if is_follow_up else 'besides'}"
    return redirect(f"{reverse('appointments:booked')}{query}")


@require_safe
def booked(request: HttpRequest) -> HttpResponse:
    """The confirmation. It is complete without the e-mail."""
    draft = drafts.find(request)
    if draft is None:
        return draft_expired()
    if not steps.is_booked(draft):
        return redirect_to_step(steps.first_unanswered(draft))
    appointment = Appointment.objects.select_related("slot__clinician", "slot__location").get(pk=draft.appointment_id)
    zone = local_times.zone_of(appointment).key
    context = {"appointment": appointment, "zone": zone, "clinic_zone": settings.TIME_ZONE}
    context |= {"consent": consents, "ticks": copies.tickable(appointment)}
    context["follow_up"] = request.GET.get("follow_up")
    context["done"] = appointment.tasks.filter(status=TaskStatus.DONE).count()
    return render(request, "appointments/booking/booked.html", context)


@require_safe
def too_many(request: HttpRequest) -> HttpResponse:
    """The limit that was reached (`?of=`), the state of the answers, and the way on."""
    what = request.GET.get("of")
    if what not in limits.TOO_MANY:
        return redirect("appointments:book")
    draft = drafts.find(request)
    context = {"what": what, "held": steps.held(draft), "following": steps.first_unanswered(draft)}
    return render(request, "appointments/booking/too_many.html", context, status=429)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Delete the draft and release its hold, for patients who stop or share a device."""
    draft = drafts.find(request)
    if draft:
        drafts.discard(draft)
    response = redirect("appointments:forgotten")
    drafts.forget(response)
    return response


@require_safe
def forgotten(request: HttpRequest) -> HttpResponse:
    return render(request, "appointments/booking/forgotten.html")


@require_POST
def take_over_ticks(request: HttpRequest) -> HttpResponse:
    """Mark the tasks that were ticked on the public checklist as done in the list of the new booking."""
    draft = drafts.find(request)
    if steps.is_booked(draft):
        copies.take_over_ticks(appointment=draft.appointment, ticks=request.POST.getlist("tick"))
    return HttpResponseRedirect(f"{reverse('appointments:booked')}#ticks")


@require_safe
@public_page
def second_opinion(request: HttpRequest) -> HttpResponse:
    """How to ask for a second opinion. `?condition=` is the page before this one; an unknown condition is ignored."""
    slug = request.GET.get("condition", "")[:120].replace("\0", "")
    condition = Listing.objects.filter(slug=slug).first() if slug else None
    return render(request, "appointments/booking/second_opinion.html", {"condition": condition})
