"""The control: what the site would be if a view, behind the whole middleware, had the finished bytes in its memory."""

import functools

from django.http import HttpRequest, HttpResponse

from conditions.models import RenderedPage


def control(request: HttpRequest, slug: str) -> HttpResponse:
    """The compressed page of a condition. Names no public version, so that the first middleware does not keep it."""
    return HttpResponse(page_in_memory(slug), headers={"Content-Encoding": "br", "Vary": "Accept-Encoding"})


@functools.cache
def page_in_memory(slug: str) -> bytes:
    """The page as it was when it was first asked for: this never notices a change."""
    return bytes(RenderedPage.objects.values_list("brotli", flat=True).get(listing__slug=slug))
