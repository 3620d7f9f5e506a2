"""A patient's own pages. Whoever came by a link has one appointment, and no address tells which."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.access import links
from appointments.booking import booking, calendar_file, drafts, waiting_list
from appointments.forms.base import CancelForm, LinkForm
from appointments.models import Appointment, Offer, WaitingEntry
from appointments.models.waiting import IGNORED_MOST
from appointments.scheduling import availability
from calcsite.security import limits

View = Callable[..., HttpResponse]
form_page = require_http_methods(["GET", "HEAD", "POST"])


def with_appointment(view: View) -> View:
    """A page of one appointment. Who has not come by a link that still works gets the same page at every address."""

    @wraps(view)
    def entered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        came_by = request.session.get(links.SESSION)
        link = links.usable_links().filter(pk=came_by).first()
        if link is None and came_by and links.ended_by_cancelling(came_by):
            return redirect("patient:cancelled")
        if link is not None:
            with suppress(Appointment.DoesNotExist):  # everything about the patient was erased this very moment
                return view(request, link.appointment, *args, **kwargs)
        return render(request, "appointments/access/link_needed.html", status=403)

    return entered


def coming_only(view: View) -> View:
    """A page to change an appointment: what is over cannot be changed."""

    @wraps(view)
    @with_appointment
    def reached(request: HttpRequest, appointment: Appointment, *args: object, **kwargs: object) -> HttpResponse:
        if is_over(appointment):
            return redirect("patient:home")
        return view(request, appointment, *args, **kwargs)

    return reached


def is_over(appointment: Appointment) -> bool:
    return not appointment.is_coming()


def page(request: HttpRequest, template: str, appointment: Appointment, status: int = 200, **context: object):
    """A page with what every page says of an appointment."""
    entry = WaitingEntry.objects.filter(appointment=appointment).first()
    shared = {
        "appointment": appointment,
        "readings": calendar_file.readings(appointment),
        "is_over": is_over(appointment),
        "has_begun": appointment.slot.starts <= timezone.now(),
        "is_waiting": entry is not None and entry.ended_at is None,
        "waiting_rests": entry is not None and entry.rests,
        "ignored_most": IGNORED_MOST,
    }
    return render(request, f"appointments/{template}.html", shared | context, status=status)


def refused(request: HttpRequest, problem: Exception, **context: object) -> HttpResponse:
    """Something was tried too often."""
    return render(request, "appointments/access/too_often.html", {"problem": problem} | context, status=429)


@csrf_exempt  # it takes nothing, and a refusal would write the token into a log
def arrive(request: HttpRequest, token: str, rest: str = "") -> HttpResponse:
    """The address in the e-mail: one button. Scanners open every link, so this changes nothing, and uses up nothing.

    The button sends the token to another address, and this one answers 200 whatever it is asked: errors are logged
    with their address. What is loaded or sent from the page names the site and not the address; with no-referrer
    browsers would hide the site too, and the form would be refused.
    """
    template = "arrive" if links.find_link(token) else "dead_link"
    return arrived(request, f"access/{template}", token)


def arrived(request: HttpRequest, template: str, token: str) -> HttpResponse:
    """A page whose address holds a secret, which is told to no other site."""
    response = render(request, f"appointments/{template}.html", {"token": token})
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


@require_POST
def open_link(request: HttpRequest) -> HttpResponse:
    """Exchange a token for a session, under a new key, so that nobody can prepare one for somebody else.

    It leads to the earlier time that somebody is offered, while that is open: they came because of it.
    """
    try:
        link = links.enter(request.POST.get("token", ""))
    except links.AccessError:
        return render(request, "appointments/access/dead_link.html", status=404)
    remember(request, links.SESSION, link.pk)
    is_offered = not is_over(link.appointment) and waiting_list.offer_to(link.appointment)
    return redirect("patient:offer" if is_offered else "patient:home")


def remember(request: HttpRequest, key: str, link: int) -> None:
    """Note in the session, under a new key, which link somebody came by."""
    request.session.cycle_key()
    request.session[key] = link


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Leave, on a computer that others use. The link in the e-mail stays good.

    What was begun from a recovery plan goes too: it holds what the link has opened.
    """
    request.session.pop(links.SESSION, None)
    draft = drafts.find(request)
    is_follow_up = draft is not None and draft.follow_up_id is not None
    response = render(request, "appointments/access/closed.html", {"is_forgotten": is_follow_up})
    if is_follow_up:
        drafts.discard(draft)
        drafts.forget(response)
    return response


@require_safe
@with_appointment
def home(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """When, where, with whom and how; and what can be done about it."""
    found = None if is_over(appointment) else waiting_list.offer_to(appointment)
    has_opinion = appointment.opinions.released().exists()
    return page(request, "booking/patient/home", appointment, has_opinion=has_opinion, **offered(found))


def offered(offer: Offer | None) -> dict[str, object]:
    """What a page says of an offer: the time, and until when an answer is good."""
    if offer is None:
        return {}
    appointment, until = offer.entry.appointment, offer.expires_at
    new = calendar_file.readings(appointment, slot=offer.slot)
    return {
        "offer": offer,
        "new": new,
        "until": calendar_file.reading(until, until, calendar_file.zone_of(appointment)),
    }


@require_safe
@coming_only
def times(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Free times to move to: with the same clinician, or `?with=any`, from a day on, `?from=`."""
    return times_page(request, appointment)


def times_page(request: HttpRequest, appointment: Appointment, status: int = 200, problem: str = "") -> HttpResponse:
    kind, anyone = appointment.type, request.GET.get("with") == "any"
    zone, clinician = calendar_file.zone_of(appointment).key, None if anyone else appointment.slot.clinician
    shown = availability.days_page(kind, appointment.mode, clinician, first=day_asked_for(request), zone=zone)
    context = {"anyone": anyone, "zone": zone, "problem": problem}
    return page(request, "booking/patient/times", appointment, status, **vars(shown), **context)


def day_asked_for(request: HttpRequest) -> date | None:
    """`?from=`, a day written as in ISO 8601; None for anything else."""
    try:
        return parse_date(request.GET.get("from", ""))
    except ValueError:
        return None


def is_now_at(appointment: Appointment, slot: int) -> bool:
    """Whether an appointment has a slot, whoever has moved it there since it was read."""
    appointment.refresh_from_db()
    return appointment.slot_id == slot


@form_page
@coming_only
def move(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """The old time and the new one; POST moves the appointment.

    A time that somebody else has, that is not offered, and that does not exist get the same answer. One that is the
    appointment's own was moved to before: pressed twice, it is done once.
    """
    slot = availability.find_offered(pk, appointment.type, appointment.mode)
    if slot is None and is_now_at(appointment, pk):
        return redirect("patient:home")
    if slot is None:
        return times_page(request, appointment, 404, "That time is not free any more. Choose another one.")
    problem, status = "", 200
    if request.method == "POST":
        try:
            booking.reschedule(appointment=appointment, slot=slot)
        except booking.BookingError as error:
            if is_now_at(appointment, slot.pk):
                return redirect("patient:home")  # by the first of two clicks at once
            problem, status = str(error), 409
        else:
            messages.success(request, "Your appointment has a new time. We send you an e-mail about it.")
            return redirect("patient:home")
    new = calendar_file.readings(appointment, slot=slot)
    return page(request, "booking/patient/move", appointment, status, slot=slot, new=new, problem=problem)


@form_page
@coming_only
def cancel(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """What cancelling means; POST cancels. The link has ended then, so the answer is a page for everybody."""
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            booking.cancel(appointment=appointment, why=form.cleaned_data["why"])
        except booking.BookingError as error:
            messages.error(request, str(error))
            return redirect("patient:home")
        return redirect("patient:cancelled")
    return page(request, "booking/patient/cancel", appointment, form=form)


@require_safe
def cancelled(request: HttpRequest) -> HttpResponse:
    return render(request, "appointments/booking/patient/cancelled.html")


@require_safe
@with_appointment
def calendar(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The file for the patient's own calendar."""
    headers = {"Content-Disposition": 'attachment; filename="appointment.ics"', "X-Robots-Tag": "noindex"}
    return HttpResponse(calendar_file.calendar_file(appointment), content_type="text/calendar", headers=headers)


@form_page
def link(request: HttpRequest) -> HttpResponse:
    """Send me my link again. The answer is the same for every address."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            links.ask_for_link(form.cleaned_data["email"], network=limits.client_address(request))
        except links.AccessError as error:
            return refused(request, error)
        return redirect("patient:link_sent")
    return render(request, "appointments/access/link.html", {"form": form})


@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "appointments/access/link_sent.html")
