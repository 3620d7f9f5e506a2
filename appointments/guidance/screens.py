"""Screens of one item of the checklist or of the guidance: its review, and its unsafe copies."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST, require_safe

from appointments.governance.permissions import CHANGE, REVIEW
from appointments.governance.screens import record_listed
from appointments.guidance import versions
from appointments.guidance.forms import ReviewForm
from appointments.guidance.versions import Item
from calcsite.errors import UserFacingError
from calcsite.web.paging import links_to_pages, page_of

View = Callable[..., HttpResponse]


def guidance_urls(model_admin: admin.ModelAdmin) -> list[URLPattern]:
    """The addresses below one item."""
    name = f"appointments_{model_admin.opts.model_name}"

    def of_item(view: View) -> View:
        @wraps(view)
        def found(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            if not model_admin.has_view_permission(request):
                raise PermissionDenied
            return view(request, get_object_or_404(model_admin.model, pk=pk), **kwargs)

        return model_admin.admin_site.admin_view(found)

    return [
        path("<int:pk>/review/", of_item(review), name=f"{name}_review"),
        path("<int:pk>/holders/", of_item(holders), name=f"{name}_holders"),
        path("<int:pk>/holders/<int:copy>/replace/", of_item(replace), name=f"{name}_replace"),
    ]


def _redirect_to(item: Item, page: str) -> HttpResponse:
    return redirect(f"admin:appointments_{item._meta.model_name}_{page}", item.pk)


@require_POST
def review(request: HttpRequest, item: Item) -> HttpResponse:
    """Record the review of the version that the page shows."""
    if not request.user.has_perm(REVIEW):
        raise PermissionDenied
    try:
        versions.review(item=item, seen=ReviewForm(request.POST, state="").sent_state, by=request.user)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Version {item.version} is reviewed in your name. The public page says so.")
    return _redirect_to(item, "change")


@require_safe
def holders(request: HttpRequest, item: Item) -> HttpResponse:
    """The unsafe copies: with names where the user may see the patient, and the number of the others."""
    page = page_of(versions.held_by_patients_of(request.user, item), request.GET, per_page=50)
    rows = [(copy, versions.appointment_of(copy)) for copy in page]
    record_listed(request, [appointment for _, appointment in rows], "Words that must no longer be followed")
    context = admin.site.each_context(request) | {
        "item": item,
        "opts": item._meta,
        "rows": rows,
        "page_obj": page,
        "pages": links_to_pages(page, QueryDict(mutable=True)),
        "unseen": versions.holders(item).count() - page.paginator.count,
        "may_change": request.user.has_perm(CHANGE),
    }
    return TemplateResponse(request, "admin/appointments/guidance/holders.html", context)


@require_POST
def replace(request: HttpRequest, item: Item, copy: int) -> HttpResponse:
    """Replace the words of one copy; with “tell”, send the patient a message too."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    held = get_object_or_404(versions.held_by_patients_of(request.user, item), pk=copy)
    tell = "tell" in request.POST
    try:
        versions.replace(copy=held, by=request.user, tell=tell)
    except UserFacingError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Replaced, and a message is on its way." if tell else "Replaced.")
    return _redirect_to(item, "holders")
