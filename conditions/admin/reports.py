"""The screens of the reports, and the answers to searches that found nothing."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from calcsite.admin.readonly import ReadOnlyAdmin
from calcsite.errors import UserFacingError
from calcsite.models import StaffProfile
from calcsite.web.paging import links_to_pages, page_of
from conditions import reports
from conditions.editing import answering
from conditions.models import Condition, EmptySearch

ROWS_PER_REPORT = 10  # on the page of all reports
MAX_PAGES = 20  # among the answers to a search
CHANGE_SEARCH, CHANGE_PAGE = "conditions.change_emptysearch", "conditions.change_condition"
ADD_QUESTION, PUBLISH = "conditions.add_faq", "conditions.publish_unreviewed"


def report_urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of the reports, below the list of conditions."""
    return [
        path("reports/", site.admin_view(all_reports), name="conditions_reports"),
        path("reports/weekly-e-mail/", site.admin_view(weekly_e_mail), name="conditions_reports_digest"),
        path("reports/<slug:key>/", site.admin_view(one_report), name="conditions_report"),
    ]


@require_safe
def all_reports(request: HttpRequest) -> HttpResponse:
    found = reports.found_for(request.user, reports.REPORTS, on=timezone.localdate(), most=ROWS_PER_REPORT)
    if not found:
        raise PermissionDenied
    refused = StaffProfile.objects.filter(user=request.user, wants_digest=False).exists()
    context = {
        "full": [each for each in found if each.total],
        "empty": [each for each in found if not each.total],
        "wants_digest": not refused,
    }
    return _page(request, "admin/conditions/reports/reports.html", context)


@require_safe
def one_report(request: HttpRequest, key: str) -> HttpResponse:
    """All rows of one report, page by page."""
    report = next((each for each in reports.REPORTS if each.key == key), None)
    if report is None:
        raise Http404
    if not reports.may_see(request.user, report):
        raise PermissionDenied
    today = timezone.localdate()
    page = page_of(report.find(request.user, today), request.GET)
    context = {
        "report": report,
        "rows": [report.row(item, today) for item in page],
        "page_obj": page,
        "pages": links_to_pages(page, QueryDict(mutable=True)),
    }
    return _page(request, "admin/conditions/reports/report.html", context)


@require_POST
def weekly_e_mail(request: HttpRequest) -> HttpResponse:
    """Turn the weekly e-mail on or off for the user."""
    wanted = request.POST.get("wanted") == "yes"
    StaffProfile.objects.update_or_create(user=request.user, defaults={"wants_digest": wanted})
    messages.success(request, "You will get the weekly e-mail." if wanted else "You will get no weekly e-mail.")
    sees_reports = any(reports.may_see(request.user, report) for report in reports.REPORTS)
    return redirect("admin:conditions_reports" if sees_reports else "admin:index")


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> TemplateResponse:
    return TemplateResponse(request, template, admin.site.each_context(request) | context, status=status)


class AnswerForm(forms.Form):
    """The page that the search should find, and its new other name."""

    condition = forms.ModelChoiceField(
        Condition.objects.all(), error_messages={"required": "Choose a page.", "invalid_choice": "Choose a page."}
    )
    name = forms.CharField(label="The other name, as the page should show it", max_length=120)


def _named(part: str) -> list[Condition]:
    """Pages with these words in a name, and one more than are shown if there are more."""
    named = Q(name__icontains=part) | Q(aliases__name__icontains=part)
    return list(Condition.objects.filter(named).distinct()[: MAX_PAGES + 1])


class OpenFilter(admin.SimpleListFilter):
    title = "whether somebody acted on it"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Not yet"), ("no", "Acted on")]

    def queryset(self, request: HttpRequest, searches: Any) -> Any:
        return searches.filter(handled_on__isnull=self.value() == "yes") if self.value() in {"yes", "no"} else searches


@admin.register(EmptySearch)
class EmptySearchAdmin(ReadOnlyAdmin):
    """Visitors' searches that found nothing. They are anonymous."""

    list_display = ["query", "count", "first_on", "last_on", "handled_on", "handled_by", "answer"]
    list_display_links = None
    list_filter = [OpenFilter]
    list_select_related = ["handled_by"]
    search_fields = ["query"]

    @admin.display(description="what to do")
    def answer(self, search: EmptySearch) -> str:
        address = reverse("admin:conditions_emptysearch_act", args=[search.pk])
        return format_html('<a href="{}">Answer “{}”</a>', address, search.query)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/act/", view(require_safe(self.act)), name="conditions_emptysearch_act"),
            path("<int:pk>/name/", view(require_POST(self.add_name)), name="conditions_emptysearch_name"),
            path("<int:pk>/question/", view(require_POST(self.question)), name="conditions_emptysearch_question"),
            path("<int:pk>/nothing/", view(require_POST(self.nothing)), name="conditions_emptysearch_nothing"),
        ]
        return own + super().get_urls()

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The ways to answer a search that the user has permission for."""
        search = self._search(request, pk)
        return self._choices(request, search, AnswerForm(initial={"name": search.query}))

    def add_name(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give a page the words of the search, or better ones, as another name."""
        search = self._search(request, pk, CHANGE_PAGE)
        form = AnswerForm(request.POST)
        if form.is_valid():
            try:
                answering.add_name(search=search, by=request.user, **form.cleaned_data)
            except UserFacingError as error:
                form.add_error(None, str(error))
            else:
                page = form.cleaned_data["condition"]
                messages.success(request, f"“{page}” has the new name in its working copy. Send it for review next.")
                return redirect("admin:conditions_condition_change", page.pk)
        return self._choices(request, search, form)

    def question(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Begin a question: on a page, or about the service, which is public once it is saved."""
        is_on_page = request.POST.get("about") == "page"
        search = self._search(request, pk, ADD_QUESTION, *([] if is_on_page else [PUBLISH]))
        filled_in = {"question": f"{search.query.capitalize()}?", "search": search.pk}  # answered once it is saved
        if is_on_page:
            form = AnswerForm(request.POST)
            if "condition" in form.errors:
                return self._choices(request, search, form)
            filled_in["condition"] = form.cleaned_data["condition"].pk
        return redirect(f"{reverse('admin:conditions_faq_add')}?{urlencode(filled_in)}")

    def nothing(self, request: HttpRequest, pk: int) -> HttpResponse:
        search = self._search(request, pk)
        answering.close(search=search, by=request.user)
        messages.success(request, f"“{search}” is off the list until somebody searches for it again.")
        return redirect("admin:conditions_report", "searches")

    def _search(self, request: HttpRequest, pk: int, *needed: str) -> EmptySearch:
        if not request.user.has_perms([CHANGE_SEARCH, *needed]):
            raise PermissionDenied
        return get_object_or_404(EmptySearch.objects.select_related("handled_by"), pk=pk)

    def _choices(self, request: HttpRequest, search: EmptySearch, form: forms.Form) -> HttpResponse:
        q = request.GET.get("q", "")[:120].strip()
        pages = _named(q) if q else answering.likely_pages(search.query)
        user = request.user
        context = {
            "search": search,
            "form": form,
            "q": q,
            "pages": pages[:MAX_PAGES],
            "are_more": len(pages) > MAX_PAGES,
            "may_name": user.has_perm(CHANGE_PAGE),
            "may_ask": user.has_perm(ADD_QUESTION),
            "may_ask_service": user.has_perms([ADD_QUESTION, PUBLISH]),
        }
        return _page(request, "admin/conditions/reports/answer.html", context)
