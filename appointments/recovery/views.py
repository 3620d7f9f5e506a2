"""The patient's pages of their recovery: the plan, check-ins, and the calendar. Advice needs no database."""

import logging
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_safe

from appointments.access.decorators import View, form_page, with_code
from appointments.choices import Feeling
from appointments.models import Appointment, RecoveryPlan
from appointments.recovery import calendar_feed, checkins
from appointments.recovery.forms import CheckInForm
from appointments.scheduling import local_times
from calcsite.database.locks import lock_timeout
from calcsite.errors import UserFacingError
from calcsite.models import ClinicDetails

LOCK_TIMEOUT_SECONDS = 2  # a reported sign of danger is answered soon, stored or not

logger = logging.getLogger(__name__)


def with_plan(view: View) -> View:
    """A page about the recovery plan, behind the code. Without a plan it says so."""

    @with_code
    @wraps(view)
    def reached(request: HttpRequest, appointment: Appointment, **kwargs: object) -> HttpResponse:
        plan = RecoveryPlan.objects.filter(appointment=appointment).first()
        if plan is None:
            return recovery_page(request, "none", appointment)
        plan.appointment = appointment
        return view(request, plan, **kwargs)

    return reached


def always_advised(view: View) -> View:
    """A page with advice in every answer to a POST, even if the check-in can't be stored.

    An unreachable database, an expired link or code and a missing cookie must not keep a patient in need from reading
    where to get help.
    """

    @wraps(view)
    def advised(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        try:
            answer = view(request, *args, **kwargs)
        except DatabaseFault as fault:
            log(fault)
            return unreachable(request, 503)
        was_let_in = answer.status_code not in (302, 403)
        return answer if was_let_in or not is_alarming(request) else unreachable(request, 403)

    return advised


def log(fault: DatabaseFault) -> None:
    """Log the class of the fault only: the database's message may quote the patient."""
    logger.error("a check-in could not be kept: %s", type(fault).__name__)


def is_alarming(request: HttpRequest) -> bool:
    """Whether the posted fields alone are an alarm."""
    return bool(request.POST.get("emergency") or request.POST.get("signs")) or (
        request.POST.get("feeling") == Feeling.WORSE
    )


def unreachable(request: HttpRequest, status: int) -> HttpResponse:
    """The advice on a page that needs no database. It has the clinic's numbers if they can be read."""
    try:
        clinic = ClinicDetails.current()
    except DatabaseFault:
        clinic = None
    context = {
        "clinic": clinic,
        "is_alarming": is_alarming(request),
        "is_emergency": bool(request.POST.get("emergency")),
    }
    answer = HttpResponse(render_to_string("appointments/recovery/unreachable.html", context), status=status)
    answer._has_been_logged = True
    return answer


def recovery_page(request: HttpRequest, template: str, appointment: Appointment, status: int = 200, **context: object):
    shared = {"appointment": appointment, "zone": local_times.zone_of(appointment).key}
    return render(request, f"appointments/recovery/{template}.html", shared | context, status=status)


@require_safe
@with_plan
def plan(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """The plan: today's guidance, then medicines and follow-ups, then the other days and the check-ins."""
    day = plan.day(timezone.localdate())
    guidance = list(plan.guidance.all())
    check_ins = list(plan.check_ins.all()[: checkins.CHART_CHECK_INS])
    return recovery_page(
        request,
        "plan",
        plan.appointment,
        plan=plan,
        day=day,
        today=[each for each in guidance if each.is_on(day)],
        later=[each for each in guidance if each.first_day > max(day, -1)],
        earlier=[each for each in guidance if each.last_day is not None and each.last_day < day],
        medicines=plan.medicines.all(),
        follow_ups=plan.follow_ups.select_related("appointment__slot"),
        content={"care_signs": checkins.emergency_signs(plan.appointment)},
        check_ins=check_ins,
        unseen=next((each for each in check_ins if each.is_alarm and not each.acknowledged_at), None),
        chart=checkins.pain_chart(check_ins),
    )


@form_page
@csrf_exempt  # checked below, inside `always_advised`: a refusal has the advice too
@always_advised
@csrf_protect
@with_plan
def check_in(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """A check-in. The advice is in the same response, whether or not the check-in could be stored."""
    emergencies = checkins.emergency_signs(plan.appointment)
    sent = request.POST if request.method == "POST" else None
    form = CheckInForm(sent, emergencies=emergencies, signs=plan.signs)
    if not form.is_valid():
        content = {"care_signs": emergencies}
        return recovery_page(request, "check_in", plan.appointment, plan=plan, form=form, content=content)
    status = keep(plan, form)
    said = form.cleaned_data
    advice = checkins.advice_for(feeling=said["feeling"], emergencies=said["emergency"], signs=said.get("signs", []))
    return recovery_page(request, "answer", plan.appointment, status, plan=plan, advice=advice, kept=status == 200)


def keep(plan: RecoveryPlan, form: CheckInForm) -> int:
    """Store a check-in. Returns the status of the answer: 200, 503 without a database, 409 after the plan's end."""
    try:
        with lock_timeout(LOCK_TIMEOUT_SECONDS):
            checkins.check_in(plan=plan, **form.values)
    except DatabaseFault as fault:
        log(fault)
        return 503
    except UserFacingError:
        return 409
    return 200


@form_page
@with_plan
def calendar(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """The secret address of the plan's calendar: create, replace or end it. It is shown once."""
    address = ""
    if request.method == "POST" and "end" in request.POST:
        calendar_feed.revoke(plan=plan)
        messages.success(request, "The address does not work any more.")
        return redirect("patient:recovery_calendar")
    if request.method == "POST":
        try:
            secret = calendar_feed.renew(plan=plan)
        except UserFacingError:
            return redirect("patient:recovery")
        address = settings.SITE_URL + reverse("calendar_feed:recovery", args=[secret])
    return recovery_page(request, "calendar", plan.appointment, plan=plan, address=address)
