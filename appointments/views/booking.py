"""The booking of a second opinion, without an account: the pages that ask, the check, and what was booked."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import booking, booking_limits, consent, drafts, journey
from appointments.forms import QuestionForm
from appointments.models import Appointment, Draft
from conditions.models import Listing

View = Callable[..., HttpResponse]


def go(name: str) -> HttpResponse:
    return redirect("appointments:step", name)


def in_order(*also: str) -> Callable[[View], View]:
    """A page of the booking, for those who have answered what comes before it. Others are sent to where they are.

    Who writes when the time that is kept for them runs out can still send what they wrote. `also` names rows that the
    page reads with the draft.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def reached(request: HttpRequest, name: str, **kwargs: object) -> HttpResponse:
            if name not in journey.NAMES:
                raise Http404
            draft = drafts.find(request, *also)
            if journey.is_booked(draft) and name != journey.NAMES[0]:
                return redirect("appointments:booked")
            following = journey.first_unanswered(draft)
            was_late = request.method == "POST" and following == journey.TIME and name != journey.CHECK
            if not journey.is_reached(name, draft) and not was_late:
                return go(following)
            return view(request, name, draft=draft, **kwargs)

        return reached

    return decorate


def page(request: HttpRequest, template: str, name: str, draft: Draft | None, **context: object) -> HttpResponse:
    """A page of the booking, with the way back, and until when the time is kept."""
    status = context.pop("status", 200)
    before = journey.before(name, draft)
    back = reverse("appointments:step", args=[before]) if before else reverse("appointments:book")
    shared = {"name": name, "back": back, "held": journey.held(draft), "zone": journey.zone_of(draft)}
    shared |= {"clinic_zone": settings.TIME_ZONE, "problem": "", "notice": ""}
    return render(request, f"appointments/booking/{template}.html", shared | context, status=status)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What the visitor needs, and the way in. `?condition=` names the page that they come from."""
    slug = request.GET.get("condition", "")[:120]
    listing = Listing.objects.filter(slug=slug).first() if slug else None
    draft = drafts.find(request)
    following = "" if draft is None or journey.is_booked(draft) else journey.first_unanswered(draft)
    context = {"condition": listing, "following": following, "booked": journey.is_booked(draft)}
    return render(request, "appointments/booking/start.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@in_order()
def question(request: HttpRequest, name: str, draft: Draft | None) -> HttpResponse:
    """One page of questions: GET shows it as it was answered before, POST answers it, or keeps the time longer."""
    step = journey.STEPS[name]
    draft = None if journey.is_booked(draft) else draft  # a new booking begins
    problem = ""
    if request.method == "POST" and "keep" in request.POST and draft:
        typed = journey.form_of(step, draft, request.POST)
        form = journey.form_of(step, draft, initial={field.name: field.data for field in typed})
        problem = kept_longer(draft)
    elif request.method == "POST":
        form = journey.form_of(step, draft, request.POST)
        if form.is_valid():
            return answered(request, step, draft, form)
    else:
        given = draft.answers.get(name) if draft else None
        form = journey.form_of(step, draft, given, initial=request.GET.dict() if name == journey.NAMES[0] else None)
    context = {"form": form, "title": step.title, "problem": problem, "consent": consent}
    return page(request, "question", name, draft, **context)


def kept_longer(draft: Draft | None) -> str:
    """Hold a time for longer. Returns what is the matter when that is not possible."""
    try:
        draft.appointment = booking.extend(draft=draft)
    except booking.BookingError as error:
        return str(error)
    return ""


def answered(request: HttpRequest, step: journey.Step, draft: Draft | None, form: QuestionForm) -> HttpResponse:
    """Keep what was answered, and go on to what is not answered yet."""
    secret = request.COOKIES.get(drafts.COOKIE, "")
    if draft is None:
        if not booking_limits.may_begin(request):
            return booking_limits.refusal(request)
        draft, secret = drafts.start()
    journey.answer(draft=draft, step=step, form=form)
    response = go(journey.first_unanswered(draft))
    drafts.remember(response, secret)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@in_order()
def check(request: HttpRequest, name: str, draft: Draft) -> HttpResponse:
    """All answers once more, and the button that books."""
    problem = ""
    if request.method == "POST" and "keep" in request.POST:
        problem = kept_longer(draft)
        if journey.held(draft) is None:
            return go(journey.TIME)
    elif request.method == "POST" and not (trap := QuestionForm(request.POST)).is_valid():
        problem = trap.non_field_errors()[0]
    elif request.method == "POST":
        try:
            journey.book(draft)
        except booking.TooManyError:
            return booking_limits.refusal(request)
        except booking.BookingError:
            return go(journey.TIME)  # which says that the time has gone, and offers others
        return redirect("appointments:booked")
    context = {"answers": journey.details(draft), "about": journey.listing(draft), "problem": problem}
    return page(request, "check", name, draft, **context)


@require_safe
def booked(request: HttpRequest) -> HttpResponse:
    """The confirmation. It is complete, and needs no e-mail."""
    draft = drafts.find(request)
    if not journey.is_booked(draft):
        return go(journey.first_unanswered(draft))
    appointment = Appointment.objects.select_related("slot__clinician", "slot__location").get(pk=draft.appointment_id)
    zone = appointment.time_zone or settings.TIME_ZONE
    context = {"appointment": appointment, "zone": zone, "clinic_zone": settings.TIME_ZONE}
    return render(request, "appointments/booking/booked.html", context)


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
