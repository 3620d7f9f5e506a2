"""The parts that the content's own screens in the admin share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from calcsite.web.keys import key_in
from conditions.composing import Content
from conditions.models import Condition, Edition
from conditions.reports.desk import FORM_IDS
from conditions.richtext import plain_line

View = Callable[..., HttpResponse]


def about_condition(permission: str) -> Callable[[View], View]:
    """A view of one condition, for staff with a permission of this app: it is passed the row instead of its key."""

    def with_condition(view: View) -> View:
        @wraps(view)
        def allowed(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
            if not request.user.has_perm(f"conditions.{permission}"):
                raise PermissionDenied
            condition = get_object_or_404(Condition.objects.select_related("live_edition", "listing"), pk=pk)
            return view(request, condition, **kwargs)

        return allowed

    return with_condition


def screen(request: HttpRequest, template: str, condition: Condition, **context: Any) -> TemplateResponse:
    """A page of the admin about a condition."""
    context |= admin.site.each_context(request) | {"condition": condition, "opts": Condition._meta}
    return TemplateResponse(request, f"admin/conditions/{template}", context)


def edition_of(condition: Condition, number: str) -> Edition:
    """The edition with the number in an address. Raises Http404."""
    return get_object_or_404(condition.editions, number=key_in(number))


def fields_of(condition: Condition, content: Content) -> dict[str, str]:
    """The id in the form of each part of a page, by its place on the page."""
    sections = {section.kind: f"sections-{row}" for row, section in enumerate(condition.sections.all())}
    questions = {plain_line(faq.question): f"faqs-{row}" for row, faq in enumerate(condition.faqs.all())}
    return FORM_IDS | sections | {faq["anchor"]: questions[faq["question"]] for faq in content["faqs"]}
