"""The way from a recovery plan to the booking of a follow-up, behind the code."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from appointments.access.decorators import form_page
from appointments.booking import drafts, limits, steps
from appointments.booking.steps import redirect_to_step
from appointments.models import Draft, FollowUp, RecoveryPlan
from appointments.recovery import follow_ups
from appointments.recovery.plans import check_to_book
from appointments.recovery.views import recovery_page, with_plan
from calcsite.errors import UserFacingError


@form_page
@with_plan
def follow_up(request: HttpRequest, plan: RecoveryPlan, pk: int) -> HttpResponse:
    """Begin to book a follow-up: POST leads to the first unanswered step of the booking.

    A browser has one draft. If it is for another booking, the page asks whether to continue that one or to discard it.
    A draft for this follow-up is continued.
    """
    wanted = get_object_or_404(plan.follow_ups, pk=pk)
    wanted.plan = plan
    try:
        check_to_book(wanted)
    except UserFacingError as error:
        messages.info(request, str(error))
        return redirect("patient:recovery")
    begun = drafts.find(request)
    begun = None if steps.is_booked(begun) else begun
    is_same = begun is not None and begun.follow_up_id == wanted.pk
    if request.method == "POST" and is_same:
        return redirect_to_step(steps.first_unanswered(begun))
    if request.method == "POST" and (begun is None or "instead" in request.POST):
        return begin(request, wanted, instead_of=begun)
    if request.method == "POST":
        return redirect("patient:follow_up", wanted.pk)  # browsers don't show the answer of a POST again
    context = {"follow_up": wanted, "other": None if is_same else begun, "is_begun": is_same}
    context |= {"following": steps.first_unanswered(begun), "held": steps.held(begun)}
    return recovery_page(request, "follow_up", plan.appointment, plan=plan, **context)


def begin(request: HttpRequest, wanted: FollowUp, instead_of: Draft | None) -> HttpResponse:
    if not limits.may_begin(request):
        return limits.refusal("begun")
    try:
        draft, secret = follow_ups.begin(follow_up=wanted)
    except UserFacingError as error:
        messages.info(request, str(error))
        return redirect("patient:recovery")
    if instead_of:
        drafts.discard(instead_of)
    response = redirect_to_step(steps.first_unanswered(draft))
    drafts.remember(response, secret)
    return response
