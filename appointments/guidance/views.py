"""The public pages of the checklist and of the guidance for recovery."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from appointments.models import ChecklistItem, RecoveryGuidance
from calcsite.web.public_pages import public_page
from conditions.models import Listing


def _page(request: HttpRequest, name: str, model: type[ChecklistItem] | type[RecoveryGuidance]) -> HttpResponse:
    """The items for all conditions and, with `?condition=`, for one. An unknown condition shows a message."""
    slug = request.GET.get("condition", "")[:120]
    condition = Listing.objects.filter(slug=slug).first() if slug else None
    items = list(model.objects.for_condition(condition.pk if condition else None))
    context = {
        "items": items,
        "condition": condition,
        "is_unknown": bool(slug) and condition is None,
        "unreviewed": sum(item.reviewed_at is None for item in items),
        "others": Listing.objects.filter(condition__in=model.objects.exclude(condition=None).values("condition")),
    }
    return render(request, f"appointments/guidance/{name}.html", context)


@require_safe
@public_page
def preparing(request: HttpRequest) -> HttpResponse:
    return _page(request, "preparing", ChecklistItem)


@require_safe
@public_page
def recovery(request: HttpRequest) -> HttpResponse:
    return _page(request, "recovery", RecoveryGuidance)
