"""The patient's pages of their preparation: the tasks, the rows of each tool, and the visit pack. All need the code.

Rows are looked up within the appointment of the link; another appointment's row is a 404. A page that only takes a
POST redirects a GET to its list, such as after the code was asked for in between.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.forms import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.access.decorators import form_page, with_code
from appointments.choices import Tool
from appointments.models import Appointment, PreparationTask
from appointments.models.preparation import Written
from appointments.preparation import rows as pack_rows
from appointments.preparation import suggestions
from appointments.preparation import tasks as preparation
from appointments.preparation.forms import ChooseForm, RowForm
from appointments.preparation.lists import LISTS, SINGLES, ListTool, WrittenTool
from appointments.preparation.pack import pack_of
from appointments.preparation.tasks import tasks_of
from calcsite.errors import UserFacingError

View = Callable[..., HttpResponse]


def changing(view: View) -> View:
    """A page that changes something. Once the appointment is over it redirects to the list of tasks, which says so."""

    @wraps(view)
    @with_code
    def reached(request: HttpRequest, appointment: Appointment, *args: object, **kwargs: object) -> HttpResponse:
        if not preparation.is_open(appointment):
            return redirect("patient:preparation")
        return view(request, appointment, *args, **kwargs)

    return reached


def render_page(
    request: HttpRequest, template: str, appointment: Appointment, status: int = 200, **context: Any
) -> HttpResponse:
    shared = {"appointment": appointment, "may_change": preparation.is_open(appointment)}
    return render(request, f"appointments/preparation/{template}.html", shared | context, status=status)


def redirect_to(name: str, part: str = "") -> HttpResponse:
    """Redirect to a page, or to a part of it if no message is shown: the browser would put the focus on the part."""
    return redirect(reverse(f"patient:{name}") + (f"#{part}" if part else ""))


@require_safe
@with_code
def tasks(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The tasks, which can be done in any order, and then the tools without a task."""
    found = tasks_of(appointment)
    others = [tool for tool in Tool if tool not in {task.tool for task in found}]
    return render_page(request, "tasks", appointment, tasks=found, others=others, progress=preparation.progress(found))


@form_page
@changing
def mark(request: HttpRequest, appointment: Appointment, pk: int) -> HttpResponse:
    """Mark a task as to do, started, done or not needed."""
    task = get_object_or_404(PreparationTask, appointment=appointment, pk=pk)
    if request.method == "POST":
        try:
            preparation.mark(appointment=appointment, task=task, status=request.POST.get("status", ""))
        except UserFacingError as error:
            messages.error(request, str(error))
            return redirect_to("preparation")
    return redirect_to("preparation", f"task-{pk}")


@require_safe
@with_code
def rows(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """The list of a tool."""
    listed = LISTS[tool]
    there = listed.rows(appointment)
    context = {"rows": there, "is_full": len(there) >= pack_rows.MAX_ROWS, "most": pack_rows.MAX_ROWS}
    context["offers"] = bool(listed.new_suggestions(appointment))
    return render_page(request, "rows", appointment, tool=listed, tasks=tasks_of(appointment, tool=tool), **context)


@form_page
@changing
def add(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """Add a row; “Save and add another” leads to the empty form again."""
    listed = LISTS[tool]
    form = listed.form(posted(request), state=None)
    if request.method == "POST" and form.is_valid():
        try:
            pack_rows.add_row(appointment=appointment, model=listed.model, values=form.values)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect_to(f"{tool}_add" if "another" in request.POST else tool)
    return render_page(request, "row", appointment, tool=listed, form=form)


@form_page
@changing
def choose(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """Add rows that are chosen from the suggestions."""
    listed = LISTS[tool]
    # Rows on the list are not offered, but accepted: a page that is sent twice shows no error.
    offered = listed.suggest(appointment) if request.method == "POST" else listed.new_suggestions(appointment)
    form = ChooseForm(posted(request), choices=[(each.key, each.words) for each in offered])
    if request.method == "POST" and form.is_valid():
        chosen = [each.values for each in offered if each.key in form.cleaned_data["chosen"]]
        try:
            pack_rows.add_rows(appointment=appointment, model=listed.model, rows=chosen)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved.")
            return redirect_to(tool)
    return render_page(request, "choose", appointment, tool=listed, form=form, offered=offered)


@form_page
@changing
def change(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Change a row."""
    listed = LISTS[tool]
    found = listed.model.objects.filter(appointment=appointment, pk=pk)
    row = found.first()

    def save(values: pack_rows.Values, seen: str) -> None:
        pack_rows.change_row(appointment=appointment, row=row, values=values, seen=seen)

    form = row_form(request, listed, row)
    if row and is_saved(request, form, save):
        return redirect_to(tool)
    row = found.first()
    if row is None:
        return row_is_gone(request, appointment, listed)
    show_stored(form, row)
    return render_page(request, "row", appointment, tool=listed, form=form, row=row)


def row_is_gone(request: HttpRequest, appointment: Appointment, listed: ListTool) -> HttpResponse:
    """A row that is not on the list any more: the typed values come back in a form that adds them as a new row."""
    if request.method != "POST":
        raise Http404
    form = listed.form(request.POST, state=None)
    form.add_error(None, "This is not on your list any more. Save it if you want to add it again.")
    action = reverse(f"patient:{listed.name}_add")
    return render_page(request, "row", appointment, status=404, tool=listed, form=form, action=action)


@form_page
@changing
def remove(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Ask for confirmation; POST deletes a row."""
    listed = LISTS[tool]
    row = get_object_or_404(listed.model, appointment=appointment, pk=pk)
    if request.method != "POST":
        return render_page(request, "remove", appointment, tool=listed, row=row)
    try:
        pack_rows.remove_row(appointment=appointment, row=row)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Removed.")
    return redirect_to(tool)


@form_page
@changing
def move(request: HttpRequest, appointment: Appointment, pk: int, tool: str) -> HttpResponse:
    """Move a row up or down by one."""
    row = get_object_or_404(LISTS[tool].model, appointment=appointment, pk=pk)
    if request.method == "POST":
        try:
            pack_rows.move_row(appointment=appointment, row=row, up="up" in request.POST)
        except UserFacingError as error:
            messages.error(request, str(error))
            return redirect_to(tool)
    return redirect_to(tool, f"row-{pk}")


@form_page
@with_code
def single(request: HttpRequest, appointment: Appointment, tool: str) -> HttpResponse:
    """The page of a tool that keeps one row."""
    kept = SINGLES[tool]

    def save(values: pack_rows.Values, seen: str) -> None:
        pack_rows.keep(appointment=appointment, model=kept.model, values=values, seen=seen)

    form = row_form(request, kept, kept.model.objects.filter(appointment=appointment).first())
    if is_saved(request, form, save):
        return redirect_to(tool)
    row = kept.model.objects.filter(appointment=appointment).first()
    show_stored(form, row)
    context = {"form": form, "row": row}
    context["specialties"] = suggestions.specialties(appointment) if tool == Tool.SPECIALIST else []
    return render_page(request, "single", appointment, tool=kept, tasks=tasks_of(appointment, tool=tool), **context)


@require_safe
@with_code
def tests(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The instructions of staff for tests."""
    found = tasks_of(appointment, tool=Tool.TESTS)
    return render_page(request, "tests", appointment, instructions=appointment.testinstruction_set.all(), tasks=found)


@require_safe
@with_code
def pack(request: HttpRequest, appointment: Appointment) -> HttpResponse:
    """The visit pack, on one page."""
    return render_page(request, "pack", appointment, pack=pack_of(appointment))


def posted(request: HttpRequest) -> QueryDict | None:
    """The data of a form: that of a POST, even without a field, and None for a GET."""
    return request.POST if request.method == "POST" else None


def row_form(request: HttpRequest, tool: WrittenTool, row: Written | None) -> RowForm:
    initial = model_to_dict(row) if row else {}
    return tool.form(posted(request), initial=initial, state=pack_rows.fingerprint_of(row))


def is_saved(request: HttpRequest, form: RowForm, save: Callable[[pack_rows.Values, str], None]) -> bool:
    """Save a posted form. Returns False for a GET and for a refused form, which has the errors and the input."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        save(form.values, form.cleaned_data["seen"])
    except UserFacingError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Saved.")
    return True


def show_stored(form: RowForm, row: Written | None) -> None:
    """A refused form is about the stored row, which its page shows: saved once more, it replaces that."""
    if form.non_field_errors():
        form.show_state(pack_rows.fingerprint_of(row))
