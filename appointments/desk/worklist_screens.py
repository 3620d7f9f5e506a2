"""The screens of the worklists."""

from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from appointments.booking.records import possible_marks
from appointments.desk.worklists import BY_KEY
from appointments.governance.permissions import CHANGE, VIEW
from appointments.governance.screens import needs, record_listed, screen
from calcsite.web.paging import links_to_pages, page_of


def worklist_urls(site: AdminSite) -> list[URLPattern]:
    return [path("work/<slug:key>/", site.admin_view(worklist), name="appointments_worklist")]


@require_safe
@needs(VIEW)
def worklist(request: HttpRequest, key: str) -> HttpResponse:
    """The patients on one worklist, with how to reach them, page by page."""
    if key not in BY_KEY:
        raise Http404
    page = page_of(BY_KEY[key].find(request.user), request.GET, per_page=50)
    record_listed(request, page.object_list, BY_KEY[key].title)
    marks = BY_KEY[key].marks if request.user.has_perm(CHANGE) else ()
    rows = [(each, [mark for mark in possible_marks(each) if mark in marks]) for each in page.object_list]
    pages = links_to_pages(page, QueryDict(mutable=True))
    return screen(request, "desk/worklist.html", worklist=BY_KEY[key], rows=rows, page_obj=page, pages=pages)
