"""A patient prepares: the list of tasks, the tool of each, and the visit pack. All of it is behind the code.

A row is looked up among those of the appointment that the browser came for: another's is none of them.
What only takes a POST leads back to its list when it is opened, as after a code was asked for in between.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.access.decorators import form_page, with_code
from appointments.choices import Tool
from appointments.models import Appointment, PreparationTask
from appointments.models.preparation import PackRow
from appointments.preparation import suggestions
from appointments.preparation import tasks as preparation
from appointments.preparation.forms import ChooseForm, RowForm
from appointments.preparation.lists import LISTS, SINGLES, ListTool
from appointments.preparation.tasks import PreparationError, tasks_of

View = Callable[..., HttpResponse]


def changing(view: View) -> View:
    """A page to change something: once the appointment is over it leads to the list of tasks, which says so."""

    @wraps(view)
    @with_code
    def reached(request: HttpRequest, appointment: Appointment, *args: object, **kwargs: object) -> HttpResponse:
        if not preparation.is_open(appointment):
            return redirect("patient:preparation")
        return view(request, appointment, *args, **kwargs)

    return reached


def show(
    request: HttpRequest, template: str, appointment: Appointment, status: int = 200, **context: Any
) -> HttpResponse:
    shared = {"appointment": appointment, "may_change": preparation.is_open(appointment)}
    return render(request, f"appointments/preparation/{template}.html", shared | context, status=status)


def back_to(name: str, part: str = "") -> HttpResponse:
    """Back to a page, or to a part of it where nothing is told: a browser gives the focus to the part, not to that."""
    return redirect(reverse(f"patient:{name}") + (f"#{part}" if part else ""))


@require_safe
@with_code
def tasks(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Everything to prepare, in any order; tools that no task leads to come last."""
    found = tasks_of(appointment)
    others = [tool for tool in Tool if tool not in {task.tool for task in found}]
    return show(request, "tasks", appointment, tasks=found, others=others, progress=preparation.progress(found))


@form_page
@changing
def mark(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """Say where the patient is with a task."""
    task = get_object_or_404(PreparationTask, appointment=appointment, pk=pk)
    if request.method == "POST":
        try:
            preparation.mark(appointment=appointment, task=task, status=request.POST.get("status", ""))
        except PreparationError as error:
            messages.error(request, str(error))
            return back_to("preparation")
    return back_to("preparation", f"task-{pk}")


@require_safe
@with_code
def rows(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """A list, with what can be done about it."""
    kept = LISTS[tool]
    there = kept.rows(appointment)
    context = {"rows": there, "is_full": len(there) >= preparation.MOST, "most": preparation.MOST}
    context["offers"] = bool(kept.left(appointment))
    return show(request, "rows", appointment, tool=kept, tasks=tasks_of(appointment, tool=tool), **context)


@form_page
@changing
def add(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """Write a row; or one after the other."""
    kept = LISTS[tool]
    form = kept.form(typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            preparation.add_row(appointment=appointment, model=kept.model, values=form.cleaned_data)
        except PreparationError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return back_to(f"{tool}_add" if "another" in request.POST else tool)
    return show(request, "row", appointment, tool=kept, form=form)


@form_page
@changing
def choose(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """Choose rows from what is suggested."""
    kept = LISTS[tool]
    # What is on the list already is not offered; but who sends a page twice is not told off for it.
    offered = kept.suggest(appointment) if request.method == "POST" else kept.left(appointment)
    form = ChooseForm(typed(request), choices=[(each.key, each.words) for each in offered])
    if request.method == "POST" and form.is_valid():
        chosen = [each.values for each in offered if each.key in form.cleaned_data["chosen"]]
        try:
            preparation.add_rows(appointment=appointment, model=kept.model, rows=chosen)
        except PreparationError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return back_to(tool)
    return show(request, "choose", appointment, tool=kept, form=form, offered=offered)


@form_page
@changing
def change(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Write a row anew."""
    kept = LISTS[tool]
    found = kept.model.objects.filter(appointment=appointment, pk=pk)
    row = found.first()

    def save(values: preparation.Values, seen: str) -> None:
        preparation.change_row(appointment=appointment, row=row, values=values, seen=seen)

    form = form_of(request, kept.form, row)
    if row and saved(request, form, save):
        return back_to(tool)
    row = found.first()
    if row is None:
        return gone(request, appointment, kept)
    return show(request, "row", appointment, tool=kept, form=form, row=row, seen=preparation.fingerprint(row))


def gone(request: HttpRequest, appointment: Appointment, kept: ListTool) -> HttpResponse:
    """A row that is not on the list: whoever was writing it gets their words back, to add them as another one."""
    if request.method != "POST":
        raise Http404
    form = kept.form(request.POST)
    form.add_error(None, "This is not on your list any more. Save it if you want to add it again.")
    action = reverse(f"patient:{kept.name}_add")
    return show(request, "row", appointment, status=404, tool=kept, form=form, action=action)


@form_page
@changing
def remove(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Ask once, then take a row off its list."""
    kept = LISTS[tool]
    row = get_object_or_404(kept.model, appointment=appointment, pk=pk)
    if request.method != "POST":
        return show(request, "remove", appointment, tool=kept, row=row)
    try:
        preparation.remove_row(appointment=appointment, row=row)
    except PreparationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Removed.")
    return back_to(tool)


@form_page
@changing
def move(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Move a row up or down by one."""
    kept = LISTS[tool]
    row = get_object_or_404(kept.model, appointment=appointment, pk=pk)
    if request.method == "POST":
        try:
            preparation.move_row(appointment=appointment, row=row, up="up" in request.POST)
        except PreparationError as error:
            messages.error(request, str(error))
            return back_to(tool)
    return back_to(tool, f"row-{pk}")


@form_page
@with_code
def single(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """The one thing that a tool keeps."""
    kept = SINGLES[tool]

    def save(values: preparation.Values, seen: str) -> None:
        preparation.keep(appointment=appointment, model=kept.model, values=values, seen=seen)

    form = form_of(request, kept.form, kept.model.objects.filter(appointment=appointment).first())
    if saved(request, form, save):
        return back_to(tool)
    row = kept.model.objects.filter(appointment=appointment).first()
    context = {"form": form, "row": row, "seen": preparation.fingerprint(row)}
    context["specialties"] = suggestions.specialties(appointment) if tool == Tool.SPECIALIST else []
    return show(request, "single", appointment, tool=kept, tasks=tasks_of(appointment, tool=tool), **context)


@require_safe
@with_code
def tests(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """What staff have written about getting ready for tests."""
    found = tasks_of(appointment, tool=Tool.TESTS)
    return show(request, "tests", appointment, instructions=appointment.testinstruction_set.all(), tasks=found)


@require_safe
@with_code
def pack(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """Everything on one page."""
    return show(request, "pack", appointment, pack=preparation.pack_of(appointment))


def typed(request: HttpRequest) -> QueryDict | None:
    """What a form is filled in with. Nothing at all is something too, once it is sent."""
    return request.POST if request.method == "POST" else None


def form_of(request: HttpRequest, form: type[RowForm], row: PackRow | None) -> RowForm:
    said = {name: getattr(row, name) for name in form.base_fields} if row else None
    return form(typed(request), initial=said)


def saved(request: HttpRequest, form: RowForm, save: Callable[[preparation.Values, str], None]) -> bool:
    """Whether a form came in and what it says is saved. If not, the form says why, and what was typed stays in it."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        save(form.cleaned_data, request.POST.get("seen", ""))
    except PreparationError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Saved.")
    return True
