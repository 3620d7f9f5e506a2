"""The booking of a second opinion, without an account: the pages that ask, the check, and what was booked."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from appointments.access.decorators import form_page
from appointments.booking import booking, drafts, limits, steps
from appointments.booking.forms import QuestionForm
from appointments.booking.steps import go
from appointments.choices import TaskStatus
from appointments.governance import consents
from appointments.guidance import copies
from appointments.models import Appointment, Draft
from appointments.scheduling import local_times
from calcsite.errors import UserFacingError
from calcsite.web.public_pages import public_page
from conditions.models import Listing

View = Callable[..., HttpResponse]


def gone() -> HttpResponse:
    """For who comes with answers that are no longer kept: the start, which says so."""
    return redirect(f"{reverse('appointments:book')}?gone=yes")


def in_order(*also: str) -> Callable[[View], View]:
    """A page of the booking, for those who have answered what comes before it. Others are sent to where they are.

    Who writes when the time that is kept for them runs out can still send what they wrote. `also` names rows that the
    page reads with the draft.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def reached(request: HttpRequest, name: str, **kwargs: object) -> HttpResponse:
            if name not in steps.NAMES:
                raise Http404
            draft = drafts.find(request, *also)
            had_one = request.method == "POST" or drafts.COOKIE in request.COOKIES
            if draft is None and had_one and name != steps.NAMES[0]:
                return gone()
            if steps.is_booked(draft) and name != steps.NAMES[0]:
                return redirect("appointments:booked")
            following = steps.first_unanswered(draft)
            was_late = request.method == "POST" and following == steps.TIME and name != steps.CHECK
            if not steps.is_reached(name, draft) and not was_late:
                return go(following)
            return view(request, name, draft=draft, **kwargs)

        return reached

    return decorate


def page(request: HttpRequest, template: str, name: str, draft: Draft | None, **context: object) -> HttpResponse:
    """A page of the booking, with the way back, and until when the time is kept."""
    before = steps.before(name, draft)
    back = reverse("appointments:step", args=[before]) if before else reverse("appointments:book")
    shared = {"name": name, "back": back, "held": steps.held(draft), "zone": steps.zone_of(draft)}
    shared |= {"is_kept": steps.is_kept(draft), "can_be_kept": steps.can_be_kept(draft)}
    shared |= {"asked_to_keep": "kept" in request.GET, "clinic_zone": settings.TIME_ZONE, "problem": "", "notice": ""}
    shared |= {"follow_up": draft and draft.follow_up}
    return render(request, f"appointments/booking/{template}.html", shared | context)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What the visitor needs, and the way in. `?condition=` names the page that they come from."""
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
    """One page of questions: GET shows it as it was left, POST answers it, or keeps the time longer.

    A POST leads to a page that is there to come back to: browsers don't show again what answered one.
    """
    step = steps.STEPS[name]
    draft = None if steps.is_booked(draft) else draft  # a new booking begins
    if request.method != "POST":
        return asked(request, step, draft, steps.form_shown(step, draft, request.GET.dict()))
    form = steps.form_of(step, draft, request.POST)
    typed = form.typed()
    if "keep" in request.POST and draft:
        return left(request, step, draft, typed, kept_longer(draft, name), wrong=False)
    if form.is_valid():
        return answered(request, step, draft, form)
    if form.is_trapped:
        return asked(request, step, draft, form)
    if draft is None:
        return redirect(f"{reverse('appointments:step', args=[name])}?{steps.NOTHING_CHOSEN}=yes")
    if not drafts.fits(typed):
        return asked(request, step, draft, form)
    return left(request, step, draft, typed, go(name), wrong=True)


def asked(request: HttpRequest, step: steps.Step, draft: Draft | None, form: QuestionForm) -> HttpResponse:
    context = {"form": form, "title": step.title, "consent": consents}
    return page(request, "question", step.name, draft, **context)


def left(
    request: HttpRequest,
    step: steps.Step,
    draft: Draft,
    typed: dict[str, str],
    response: HttpResponse,
    *,
    wrong: bool,
) -> HttpResponse:
    """Keep what was typed for the page that `response` leads to."""
    drafts.keep(draft=draft, step=step.name, typed=typed, wrong=wrong)
    drafts.remember(response, request.COOKIES[drafts.COOKIE])
    return response


def kept_longer(draft: Draft, name: str) -> HttpResponse:
    """Hold a time for longer. The page says until when, or that it cannot be; without any time it leads to times."""
    with suppress(UserFacingError):
        booking.extend(draft=draft)
    return redirect(f"{reverse('appointments:step', args=[name])}?kept=yes")


def answered(request: HttpRequest, step: steps.Step, draft: Draft | None, form: QuestionForm) -> HttpResponse:
    """Keep what was answered, and go on to what is not answered yet."""
    secret = request.COOKIES.get(drafts.COOKIE, "")
    if draft is None:
        if not limits.may_begin(request):
            return limits.refusal("begun")
        draft, secret = drafts.start()
    steps.answer(draft=draft, step=step, form=form)
    response = go(steps.first_unanswered(draft))
    drafts.remember(response, secret)
    return response


@form_page
@in_order()
def check(request: HttpRequest, name: str, draft: Draft) -> HttpResponse:
    """All answers once more, and the button that books."""
    problem = ""
    if request.method == "POST" and "keep" in request.POST:
        return kept_longer(draft, name)
    if request.method == "POST" and not (trap := QuestionForm(request.POST)).is_valid():
        problem = trap.non_field_errors()[0]
    elif request.method == "POST":
        try:
            made = steps.book(draft)
        except booking.TooManyError:
            return limits.refusal("booked")
        except UserFacingError:
            return go(steps.TIME)  # which says that the time has gone, and offers others
        return confirmed(draft, made)
    context = {"answers": steps.details(draft), "about": steps.about(draft), "problem": problem}
    return page(request, "check", name, draft, **context)


def confirmed(draft: Draft, made: Appointment) -> HttpResponse:
    """Leads to the confirmation, which says what became of a follow-up (`?follow_up=`)."""
    is_follow_up = steps.is_follow_up(draft, made)
    said = "" if is_follow_up is None else f"?follow_up={'yes' if is_follow_up else 'besides'}"
    return redirect(f"{reverse('appointments:booked')}{said}")


@require_safe
def booked(request: HttpRequest) -> HttpResponse:
    """The confirmation. It is complete, and needs no e-mail."""
    draft = drafts.find(request)
    if draft is None:
        return gone()
    if not steps.is_booked(draft):
        return go(steps.first_unanswered(draft))
    appointment = Appointment.objects.select_related("slot__clinician", "slot__location").get(pk=draft.appointment_id)
    zone = local_times.zone_of(appointment).key
    context = {"appointment": appointment, "zone": zone, "clinic_zone": settings.TIME_ZONE}
    context |= {"consent": consents, "ticks": copies.tickable(appointment)}
    context["follow_up"] = request.GET.get("follow_up")
    context["done"] = appointment.tasks.filter(status=TaskStatus.DONE).count()
    return render(request, "appointments/booking/booked.html", context)


@require_safe
def too_many(request: HttpRequest) -> HttpResponse:
    """What was done too often (`?of=`), what became of the answers, and how to go on."""
    what = request.GET.get("of")
    if what not in limits.TOO_MANY:
        return redirect("appointments:book")
    draft = drafts.find(request)
    context = {"what": what, "held": steps.held(draft), "following": steps.first_unanswered(draft)}
    return render(request, "appointments/booking/too_many.html", context, status=429)


@require_POST
def forget(request: HttpRequest) -> HttpResponse:
    """Delete what was answered, and let go of the time, for somebody who stops or shares the device."""
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
    """Mark what somebody had ticked as done in the list of the booking that they have just made."""
    draft = drafts.find(request)
    if steps.is_booked(draft):
        copies.take_over_ticks(appointment=draft.appointment, ticks=request.POST.getlist("tick"))
    return HttpResponseRedirect(f"{reverse('appointments:booked')}#ticks")


@require_safe
@public_page
def second_opinion(request: HttpRequest) -> HttpResponse:
    """How to ask. `?condition=` names the page that the visitor comes from; one that nobody knows is passed over."""
    slug = request.GET.get("condition", "")[:120].replace("\0", "")
    condition = Listing.objects.filter(slug=slug).first() if slug else None
    return render(request, "appointments/booking/second_opinion.html", {"condition": condition})
