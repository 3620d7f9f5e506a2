"""Pages about asking for a second opinion."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from calcsite.web.public_pages import public_page
from conditions.models import Listing


@require_safe
@public_page
def second_opinion(request: HttpRequest) -> HttpResponse:
    """How to ask. `?condition=` names the page that the visitor comes from; one that nobody knows is passed over."""
    slug = request.GET.get("condition", "")[:120].replace("\0", "")
    condition = Listing.objects.filter(slug=slug).first() if slug else None
    return render(request, "appointments/booking/second_opinion.html", {"condition": condition})
