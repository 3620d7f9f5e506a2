"""A condition as a file: saved from one site, read into another."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from conditions.admin.forms import ImportForm
from conditions.admin.screens import about_condition
from conditions.editing import drafting
from conditions.exchange import files, page_files
from conditions.exchange.files import ExchangeError, UnreadableFileError
from conditions.models import Condition


@require_safe
@about_condition("view_condition")
def export(request: HttpRequest, condition: Condition) -> HttpResponse:
    """The working copy as a file, its picture included."""
    content = page_files.to_yaml(page_files.from_condition(condition))
    response = HttpResponse(content, "application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{condition.slug}.yaml"'
    return response


def import_(request: HttpRequest) -> HttpResponse:
    """Make a working copy from a file, with a message about each part that was left out."""
    if not request.user.has_perms(["conditions.add_condition", "conditions.change_condition"]):
        raise PermissionDenied
    form = ImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file, replace = form.cleaned_data["file"], form.cleaned_data["replace"]
        try:
            content = file.read(files.MAX_BYTES + 1)
            written = drafting.import_file(name=file.name, content=content, by=request.user, replace=replace)
        except UnreadableFileError as error:
            told = f"This is not a file that “Save as a file” made. Look at line {error.line}."
            form.add_error("file", told)
        except ExchangeError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, f"The working copy of “{written.condition}” says what the file says.")
            for told in drafting.left_out(written):
                messages.warning(request, told)
            return redirect("admin:conditions_condition_change", written.condition.pk)
    context = admin.site.each_context(request) | {"form": form, "opts": Condition._meta}
    return TemplateResponse(request, "admin/conditions/condition/import.html", context)
