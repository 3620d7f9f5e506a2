"""The review of an edition: its difference to the live one, and its approval or return."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from calcsite.admin.readonly import ReadOnlyAdmin
from calcsite.errors import UserFacingError
from calcsite.models import StaffProfile
from calcsite.web.keys import key_in
from conditions.admin.forms import ApproveForm, ReturnForm
from conditions.admin.screens import screen
from conditions.admin.steps import comparison_of, findings_in
from conditions.compare.comparing import Comparison
from conditions.lint import Finding
from conditions.models import Edition
from conditions.publishing import publishing


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    """All editions. Each opens on its review."""

    list_display = ["condition", "number", "status", "submitted_by", "submitted_at", "goes_live_at", "published_at"]
    list_filter = ["status", "is_correction", "condition"]
    list_select_related = ["condition", "submitted_by"]
    search_fields = ["condition__name", "reviewer_name"]
    date_hierarchy = "submitted_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Edition]:
        return super().get_queryset(request).without_content()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [path("<int:pk>/review/", view(review), name="conditions_edition_review"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        edition = get_object_or_404(self.get_queryset(request), pk=key_in(object_id))
        return redirect("admin:conditions_edition_review", edition.pk)


def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One edition with its changes, and for a reviewer both decisions below the text."""
    if not request.user.has_perm("conditions.view_edition"):
        raise PermissionDenied
    people = Edition.objects.select_related("condition__live_edition", "submitted_by", "decided_by")
    edition = get_object_or_404(people, pk=pk)
    action = request.POST.get("action")
    approving = ApproveForm(request.POST if action == "approve" else None, edition=edition, prefix="approve")
    returning = ReturnForm(request.POST if action == "return" else None, prefix="return")
    if action and not request.user.has_perm("conditions.review_edition"):
        raise PermissionDenied
    if approving.is_valid() and _approved(request, edition, approving):
        return redirect("admin:index")
    if returning.is_valid() and _returned(request, edition, returning):
        return redirect("admin:index")
    return _review_screen(request, edition, approving, returning)


def _approved(request: HttpRequest, edition: Edition, form: ApproveForm) -> bool:
    try:
        publishing.approve(edition=edition, by=request.user, **form.cleaned_data)
    except UserFacingError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _approval_told(edition))
    return True


def _approval_told(edition: Edition) -> str:
    if edition.is_scheduled:
        when = date_format(timezone.localtime(edition.goes_live_at), "j F Y, H:i")
        return f"Approved. {edition} goes live on {when}."
    address = reverse("conditions:detail", args=[edition.content["slug"]])
    return format_html('Approved. {} is public now. <a href="{}">See the public page</a>', edition, address)


def _returned(request: HttpRequest, edition: Edition, form: ReturnForm) -> bool:
    try:
        publishing.return_(edition=edition, by=request.user, **form.cleaned_data)
    except UserFacingError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"{edition} was sent back to its author.")
    return True


def _review_screen(
    request: HttpRequest, edition: Edition, approving: ApproveForm, returning: ReturnForm
) -> HttpResponse:
    """The edition compared with the live one; a published one, with the edition that was published before it."""
    before = edition.condition.editions.published().filter(number__lt=edition.number).first()
    may_review = request.user.has_perm("conditions.review_edition")
    live = edition.condition.live_edition_id
    comparison = comparison_of(before and before.content, edition.content)
    findings, elsewhere = _by_change(findings_in(edition.content), comparison, is_first=before is None)
    return screen(
        request,
        "edition/review.html",
        edition.condition,
        edition=edition,
        before=before,
        old_name=before and f"Edition {before.number}{' (public)' if before.pk == live else ''}",
        new_name=f"Edition {edition.number}",
        comparison=comparison,
        form="side" if request.GET.get("form") == "side" else "inline",
        findings=findings,
        elsewhere=elsewhere,
        approving=approving,
        returning=returning,
        clinician=StaffProfile.of(request.user),
        may_review=may_review,
        is_author=may_review and publishing.has_written(request.user, edition),
        may_decide=may_review and (edition.is_waiting or edition.is_scheduled),
    )


def _by_change(
    findings: list[Finding], comparison: Comparison, *, is_first: bool
) -> tuple[list[Finding], list[Finding]]:
    """The findings in the parts that an edition changes, and those elsewhere. In a first edition every part is new."""
    changed = {part.where for part in comparison.changed}
    new = [finding for finding in findings if is_first or finding.where in changed]
    return new, [finding for finding in findings if finding not in new]
