"""A patient's own pages. A link opens one appointment, and no address of a page names it."""

from datetime import date
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from appointments.access import links
from appointments.access.decorators import CODE, View, form_page, has_code, with_appointment
from appointments.access.forms import CodeForm
from appointments.access.views import refused, remember
from appointments.booking import booking, calendar_file, drafts, records, waiting_list
from appointments.booking.forms import CancelForm, WaitingForm
from appointments.choices import Status
from appointments.governance import audit
from appointments.models import Appointment, Offer, WaitingEntry
from appointments.models.waiting import IGNORED_MOST
from appointments.scheduling import availability, local_times
from calcsite.errors import UserFacingError
from calcsite.web.keys import key_in


def coming_only(view: View) -> View:
    """A page that changes an appointment. It redirects if the appointment is over."""

    @wraps(view)
    @with_appointment
    def reached(request: HttpRequest, appointment: Appointment, *args: object, **kwargs: object) -> HttpResponse:
        if not appointment.is_coming():
            return redirect("patient:home")
        return view(request, appointment, *args, **kwargs)

    return reached


def page(request: HttpRequest, template: str, appointment: Appointment, status: int = 200, **context: object):
    """Render a page with the context that every page of an appointment has."""
    entry = WaitingEntry.objects.filter(appointment=appointment).first()
    shared = {
        "appointment": appointment,
        "readings": local_times.readings(appointment),
        "is_over": not appointment.is_coming(),
        "has_begun": appointment.slot.starts <= timezone.now(),
        "is_waiting": entry is not None and entry.ended_at is None,
        "waiting_rests": entry is not None and entry.rests,
        "ignored_most": IGNORED_MOST,
    }
    return render(request, f"appointments/{template}.html", shared | context, status=status)


@require_POST
def open_link(request: HttpRequest) -> HttpResponse:
    """Exchange a token for a session under a new key, so that no session can be prepared for another person.

    Redirects to the offer of an earlier time while one is open: the link was opened because of it.
    """
    try:
        link = links.enter(request.POST.get("token", ""))
    except UserFacingError:
        return render(request, "appointments/access/dead_link.html", status=404)
    remember(request, links.SESSION, link.pk)
    is_offered = link.appointment.is_coming() and waiting_list.offer_to(link.appointment)
    return redirect("patient:offer" if is_offered else "patient:home")


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Leave, on a computer that others use. The link in the e-mail stays good.

    A draft that was begun from a recovery plan is deleted too: it holds details of the patient.
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
    """The appointment, and the changes that are possible."""
    found = waiting_list.offer_to(appointment) if appointment.is_coming() else None
    has_opinion = appointment.opinions.released().exists()
    return page(request, "booking/patient/home", appointment, has_opinion=has_opinion, **offered(found))


def offered(offer: Offer | None) -> dict[str, object]:
    """The context of an offer: its time, and until when it can be answered."""
    if offer is None:
        return {}
    appointment, until = offer.entry.appointment, offer.expires_at
    new = local_times.readings(appointment, slot=offer.slot)
    return {
        "offer": offer,
        "new": new,
        "until": local_times.reading(until, until, local_times.zone_of(appointment)),
    }


@require_safe
@coming_only
def times(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Free times to move to: with the same clinician, or `?with=any`, from a day on, `?from=`."""
    return times_page(request, appointment)


def times_page(request: HttpRequest, appointment: Appointment, status: int = 200, problem: str = "") -> HttpResponse:
    appointment_type, anyone = appointment.appointment_type, request.GET.get("with") == "any"
    zone, clinician = local_times.zone_of(appointment).key, None if anyone else appointment.slot.clinician
    shown = availability.days_page(
        appointment_type, appointment.mode, clinician, first=day_asked_for(request), zone=zone
    )
    context = {"anyone": anyone, "zone": zone, "problem": problem}
    return page(request, "booking/patient/times", appointment, status, **vars(shown), **context)


def day_asked_for(request: HttpRequest) -> date | None:
    """`?from=`, a day written as in ISO 8601; None for anything else."""
    try:
        return parse_date(request.GET.get("from", ""))
    except ValueError:
        return None


def is_now_at(appointment: Appointment, slot: int) -> bool:
    """Whether an appointment has a slot by now, also if it was moved there since it was read."""
    appointment.refresh_from_db()
    return appointment.slot_id == slot


@form_page
@coming_only
def move(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """The old time and the new one; POST moves the appointment.

    A taken time, a time that is not offered, and a time that does not exist get the same answer. The appointment's own
    slot was moved to before: the second of two clicks changes nothing.
    """
    slot = availability.find_offered(pk, appointment.appointment_type, appointment.mode)
    if slot is None and is_now_at(appointment, pk):
        return redirect("patient:home")
    if slot is None:
        return times_page(request, appointment, 404, "That time is not free any more. Choose another one.")
    problem, status = "", 200
    if request.method == "POST":
        try:
            booking.reschedule(appointment=appointment, slot=slot)
        except UserFacingError as error:
            if is_now_at(appointment, slot.pk):
                return redirect("patient:home")  # by the first of two clicks at once
            problem, status = str(error), 409
        else:
            messages.success(request, "Your appointment has a new time. We send you an e-mail about it.")
            return redirect("patient:home")
    new = local_times.readings(appointment, slot=slot)
    return page(request, "booking/patient/move", appointment, status, slot=slot, new=new, problem=problem)


@form_page
@coming_only
def cancel(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The consequences of cancelling; POST cancels. The link has ended then, so the next page is public."""
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            booking.cancel(appointment=appointment, why=form.cleaned_data["why"])
        except UserFacingError as error:
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


def wanted(request: HttpRequest) -> str:
    """The page to go to afterwards (`next`), if it is one of the patient's own; otherwise ""."""
    path = request.POST.get("next") or request.GET.get("next", "")
    ours = path.startswith(reverse("patient:home")) and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if ours and len(path) < 200 else ""


@require_POST
@with_appointment
def send_code(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Have a code sent, and ask for it."""
    try:
        links.ask_for_code(appointment)
    except UserFacingError as error:
        return refused(request, error, code_for={"next": wanted(request)})
    messages.success(request, "We are sending you a code. Only the newest one works.")
    query = {"sent": "1", "next": wanted(request)}
    return HttpResponseRedirect(f"{reverse('patient:confirm')}?{urlencode(query)}")


@form_page
@with_appointment
def confirm(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Enter a code. It opens the medical pages, and the first one confirms the e-mail address."""
    target = wanted(request)
    if request.method != "POST" and has_code(request) and appointment.status != Status.BOOKED:
        return HttpResponseRedirect(target) if target else redirect("patient:home")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            links.check_code(appointment, form.cleaned_data["code"])
        except UserFacingError as error:
            form.add_error("code", str(error))
        else:
            request.session[CODE] = [request.session[links.SESSION], timezone.now().isoformat()]
            confirm_address(request, appointment)
            return HttpResponseRedirect(target) if target else redirect("patient:home")
    was_sent = "sent" in request.GET or form.is_bound
    return page(request, "access/confirm", appointment, form=form, was_sent=was_sent, next=target)


def confirm_address(request: HttpRequest, appointment: Appointment) -> None:
    """A code that was read shows that the address is right; staff need not ask any more."""
    if appointment.status != Status.BOOKED:
        return
    try:
        records.mark(appointment=appointment, status=Status.CONFIRMED, by=audit.PATIENT)
    except UserFacingError:
        return  # staff have marked it meanwhile: the code was right all the same
    messages.success(request, "Thank you. Your e-mail address is confirmed.")


@form_page
@coming_only
def waiting(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Join the list, or leave it."""
    form = WaitingForm(request.POST or None)
    if request.method == "POST" and "leave" in request.POST:
        waiting_list.leave(appointment=appointment)
        messages.success(request, "We will not e-mail you about earlier times.")
        return redirect("patient:home")
    if request.method == "POST" and form.is_valid():
        try:
            waiting_list.join(appointment=appointment, same_clinician=form.cleaned_data["same_clinician"])
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "We e-mail you when an earlier time comes free.")
            return redirect("patient:home")
    return page(request, "booking/patient/waiting", appointment, form=form)


@form_page
@coming_only
def offer(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """An earlier time: accept or decline it. A page says so if it was taken meanwhile, or if the offer is over.

    The second of two clicks changes nothing, and gets the answer of the first.
    """
    if request.method != "POST":
        found = waiting_list.offer_to(appointment)
        if found is None and waiting_list.has_taken_one(appointment):
            return redirect("patient:home")
        return page(request, "booking/patient/offer", appointment, **offered(found))
    return answer_to(request, appointment, "no" if "no" in request.POST else "yes")


def answer_to(request: HttpRequest, appointment: Appointment, answer: str) -> HttpResponse:
    key = key_in(request.POST.get("offer"))
    found = waiting_list.open_offers(appointment).filter(pk=key).first()
    try:
        if found is None:
            raise UserFacingError(waiting_list.OVER)
        if answer == "no":
            waiting_list.decline(offer=found)
            messages.success(request, "Thank you. You keep your time, and we go on looking for an earlier one.")
        else:
            waiting_list.accept(offer=found)
            messages.success(request, "Your appointment has the earlier time. We send you an e-mail about it.")
    except UserFacingError as error:
        if waiting_list.was_answered(appointment, key, accepted=answer == "yes"):
            return redirect("patient:home")
        appointment.refresh_from_db()
        return page(request, "booking/patient/offer", appointment, 409, problem=str(error))
    return redirect("patient:home")
