"""The control: the site if a view, behind the whole middleware, had the finished bytes in its memory."""

import functools

from django.http import HttpRequest, HttpResponse

from conditions.models import RenderedPage


def control(request: HttpRequest, slug: str) -> HttpResponse:
    """The compressed page of a condition. It names no public version, so that the first middleware does not
    cache it.
    """
    return HttpResponse(page_in_memory(slug), headers={"Content-Encoding": "br", "Vary": "Accept-Encoding"})


@functools.cache
def page_in_memory(slug: str) -> bytes:
    """The page at its first request, which is never invalidated."""
    return bytes(RenderedPage.objects.values_list("brotli", flat=True).get(listing__slug=slug))
