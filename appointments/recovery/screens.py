"""The staff's screens of recovery: a plan, its check-ins, the alarms, and the booking of a follow-up.

The patient's clinician sees and writes the plan. Booking staff see the alarms with their reason, and the follow-ups to
book.
"""

from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import Prefetch
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from appointments.governance import consents
from appointments.governance.permissions import ADD, CARE, may_see_all
from appointments.governance.screens import View, about_appointment, needs, patient_screen, record_listed, screen
from appointments.models import Appointment, CheckIn, FollowUp, RecoveryPlan
from appointments.recovery import checkins, plans
from appointments.recovery.staff_forms import (
    AcknowledgeForm,
    BookFollowUpForm,
    FindForm,
    FollowUpRows,
    GuidanceRows,
    MedicineRows,
    NewPlanForm,
    PlanForm,
    TreatmentForm,
    carried_over,
    initial_plan,
)
from appointments.recovery.worklists import ALARMS
from appointments.scheduling.availability import free_for
from calcsite.errors import UserFacingError
from calcsite.stale import StaleError
from calcsite.web.paging import links_to_pages, page_of

MAX_TIMES = 40
PAGE = "admin:appointments_recovery"


def recovery_urls(site: AdminSite) -> list[URLPattern]:
    """Below the list of appointments, and before the other worklists."""

    def step(address: str, view: View, name: str) -> URLPattern:
        return path(f"<int:pk>/recovery/{address}", site.admin_view(view), name=f"appointments_recovery{name}")

    return [
        path("work/alarms/", site.admin_view(alarms), name="appointments_alarms"),
        step("", page, ""),
        step("start/", start, "_start"),
        step("change/", change, "_change"),
        step("end/", end, "_end"),
        step("check-in/<int:check_in>/", acknowledge, "_acknowledge"),
        step("follow-up/<int:follow_up>/", book_follow_up, "_follow_up"),
    ]


def own_patient(view: View) -> View:
    """A screen for the patient's clinician. For other users it is a 404, as for an unknown appointment."""

    @about_appointment(CARE)
    @wraps(view)
    def allowed(request: HttpRequest, appointment: Appointment, **kwargs: Any) -> HttpResponse:
        if not plans.plans_written_by(request.user).filter(pk=appointment.pk).exists():
            raise Http404
        return view(request, appointment, **kwargs)

    return allowed


def own_plan(view: View) -> View:
    """A screen of an existing plan, for the patient's clinician."""

    @own_patient
    @wraps(view)
    def allowed(request: HttpRequest, appointment: Appointment, **kwargs: Any) -> HttpResponse:
        plan = get_object_or_404(RecoveryPlan, appointment=appointment)
        plan.appointment = appointment
        return view(request, plan, **kwargs)

    return allowed


def recovery_screen(request: HttpRequest, template: str, appointment: Appointment, **context: Any) -> HttpResponse:
    return patient_screen(request, f"recovery/{template}.html", appointment, **context)


@require_safe
@about_appointment(CARE)
def page(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The plan and the check-ins; for other users than the clinician, the alarms and the follow-ups only."""
    is_own = plans.plans_written_by(request.user).filter(pk=appointment.pk).exists()
    plan = RecoveryPlan.objects.select_related("started_by").filter(appointment=appointment).first()
    context = {"is_own": is_own, "plan": plan, "may_book": request.user.has_perm(ADD)}
    if plan:
        context |= {
            "alarms": checkins.alarms_of(request.user).filter(plan=plan),
            "follow_ups": plan.follow_ups.select_related("appointment__slot"),
        }
    if plan and is_own:
        check_ins = list(plan.check_ins.select_related("acknowledged_by")[: checkins.CHART_CHECK_INS])
        context |= {
            "check_ins": check_ins,
            "chart": checkins.pain_chart(check_ins),
            "guidance": plan.guidance.all(),
            "medicines": plan.medicines.all(),
            "day": plan.day(),
        }
    return recovery_screen(request, "page", appointment, **context)


@own_patient
def start(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Ask for the treatment, then for the plan with the guidance after that treatment."""
    chosen = TreatmentForm(request.GET or None)
    if not chosen.is_valid():
        return recovery_screen(request, "treatment", appointment, form=chosen)
    plan = RecoveryPlan(treatment=chosen.cleaned_data["treatment"])
    guidance = plans.guidance_for(appointment, plan.treatment)
    data = request.POST or None
    form = NewPlanForm(data, instance=plan, guidance=guidance, initial=initial_plan())
    rows = [rows(data, instance=plan) for rows in (MedicineRows, FollowUpRows)]
    if form.is_valid() and all(each.is_valid() for each in rows):
        try:
            plans.start_plan(
                appointment=appointment,
                plan=form.save(commit=False),
                guidance=[each.pk for each in form.cleaned_data["guidance"]],
                rows=kept_in(rows),
                by=request.user,
            )
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            told = "They get an e-mail." if appointment.email else "Tell them: they have no e-mail address."
            messages.success(request, f"The plan is there for the patient. {told}")
            return redirect(PAGE, appointment.pk)
    return recovery_screen(request, "start", appointment, form=form, rows=titled(rows), treatment=plan)


@own_plan
def change(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """Change a plan, unless it was changed since its page was opened."""
    state = plans.fingerprint_of(plan)
    form, rows = plan_forms(plan, request.POST or None, state)
    if request.method == "POST" and form.sent_state != state:
        return changed_meanwhile(request, plan)
    if form.is_valid() and all(each.is_valid() for each in rows):
        kept = kept_in(rows)
        removed = [row for each in rows for row in each.deleted_objects]
        try:
            plans.change_plan(plan=form.save(commit=False), kept=kept, removed=removed, by=request.user, seen=state)
        except StaleError:
            return changed_meanwhile(request, RecoveryPlan.objects.select_related("appointment").get(pk=plan.pk))
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Changed. The patient reads it the next time that they look.")
            return redirect(PAGE, plan.appointment_id)
    return recovery_screen(request, "change", plan.appointment, form=form, rows=titled(rows), plan=plan)


def plan_forms(plan: RecoveryPlan, data: QueryDict | None, state: str) -> tuple[PlanForm, list[BaseInlineFormSet]]:
    form = PlanForm(data, instance=plan, state=state)
    return form, [rows(data, instance=plan) for rows in (MedicineRows, FollowUpRows, GuidanceRows)]


def changed_meanwhile(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """The typed plan, beside the stored one. Saved once more, the typed one replaces it."""
    data, gone = carried_over(request.POST, plan)
    state = plans.fingerprint_of(plan)
    form, rows = plan_forms(RecoveryPlan.objects.get(pk=plan.pk), data, state)
    form.add_error(None, plans.CHANGED_MEANWHILE)
    form.show_state(state)
    context = {"form": form, "rows": titled(rows), "plan": plan, "gone": gone, "is_changed_meanwhile": True}
    context |= {"medicines": plan.medicines.all(), "guidance": plan.guidance.all(), "day": plan.day()}
    return recovery_screen(request, "change", plan.appointment, status=409, **context)


def kept_in(rows: list[BaseInlineFormSet]) -> list[Any]:
    """The new and the changed rows, unsaved."""
    return [row for each in rows for row in each.save(commit=False)]


def titled(rows: list[BaseInlineFormSet]) -> list[tuple[str, BaseInlineFormSet]]:
    return list(zip(["Medicines", "Follow-ups", "Guidance"], rows, strict=False))


@own_plan
def end(request: HttpRequest, plan: RecoveryPlan) -> HttpResponse:
    """Ask for confirmation; POST ends the plan."""
    if request.method == "POST":
        try:
            plans.end_plan(plan=plan, by=request.user)
        except UserFacingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "The plan has ended. The patient can still read it.")
        return redirect(PAGE, plan.appointment_id)
    return recovery_screen(request, "end", plan.appointment, plan=plan)


@require_safe
@needs(CARE)
def alarms(request: HttpRequest) -> HttpResponse:
    """The worklist of alarms: the patients to telephone, with the reason."""
    worklist = ALARMS
    waiting = Prefetch(
        "recovery_plan__check_ins", queryset=CheckIn.objects.alarms().defer("note"), to_attr="waiting_alarms"
    )
    found = checkins.by_urgency(worklist.find(request.user))
    found = found.select_related("recovery_plan").prefetch_related(waiting)
    page_obj = page_of(found, request.GET, per_page=50)
    record_listed(request, page_obj.object_list, worklist.title)
    pages = links_to_pages(page_obj, QueryDict(mutable=True))
    return screen(request, "recovery/alarms.html", worklist=worklist, page_obj=page_obj, pages=pages)


@about_appointment(CARE)
def acknowledge(request: HttpRequest, appointment: Appointment, check_in: int) -> HttpResponse:
    """Acknowledge an alarm. For an acknowledged one the error names the member of staff."""
    alarm = get_object_or_404(CheckIn, pk=check_in, plan__appointment=appointment, is_alarm=True)
    form = AcknowledgeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            checkins.acknowledge(check_in=alarm, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Noted. It is off the list.")
            return redirect(PAGE, appointment.pk)
    return recovery_screen(request, "acknowledge", appointment, alarm=alarm, form=form)


@needs(ADD)
@about_appointment(CARE)
def book_follow_up(request: HttpRequest, appointment: Appointment, follow_up: int) -> HttpResponse:
    """Book a follow-up by staff: the free times around its day, and the consent of the patient."""
    wanted = get_object_or_404(FollowUp.objects.select_related("plan"), pk=follow_up, plan__appointment=appointment)
    first = max(wanted.day, timezone.localdate())
    asked = {"first": first, "kind": appointment.appointment_type_id, "mode": appointment.mode}
    find = FindForm(request.GET if "kind" in request.GET else asked)
    form = BookFollowUpForm(request.POST if request.method == "POST" else None)
    times = form.fields["slot"].queryset
    if find.is_valid():
        looked = Appointment(
            appointment_type=find.cleaned_data["kind"], mode=find.cleaned_data["mode"], slot=appointment.slot
        )
        day = find.cleaned_data["first"] or first
        times = free_for(looked, request.user, first=day, anybody=find.cleaned_data["anybody"])
    form.fields["slot"].queryset = times
    if find.is_valid() and form.is_valid() and (made := try_to_book(request, wanted, find, form)):
        messages.success(request, f"Booked. The reference is {made.spoken_reference}. The patient gets an e-mail.")
        return redirect(PAGE, appointment.pk)
    may_see_others = may_see_all(request.user)
    context = {"follow_up": wanted, "find": find, "form": form, "times": times[:MAX_TIMES], "consent": consents}
    return recovery_screen(request, "follow_up", appointment, may_see_others=may_see_others, **context)


def try_to_book(
    request: HttpRequest, follow_up: FollowUp, find: FindForm, form: BookFollowUpForm
) -> Appointment | None:
    """Book the follow-up. Returns None, with an error in the form, when it can't be booked."""
    try:
        return plans.book_follow_up(
            follow_up=follow_up,
            slot=form.cleaned_data["slot"],
            appointment_type=find.cleaned_data["kind"],
            mode=find.cleaned_data["mode"],
            agreed=form.consent(timezone.now()),
            by=request.user,
        )
    except UserFacingError as error:
        form.add_error(None, str(error))
        return None
