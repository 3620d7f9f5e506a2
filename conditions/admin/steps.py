"""The steps of a page, from the working copy to the public and back: a form, a verb, and a redirect each."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from calcsite.checksums import checksum
from calcsite.errors import UserFacingError
from calcsite.models import ClinicDetails, StaffProfile
from calcsite.stale import fingerprint
from conditions import lint, pictures, richtext
from conditions.admin.forms import (
    WORKING_COPY,
    CompareForm,
    PublishForm,
    RevertForm,
    ShareForm,
    SubmitForm,
    WithdrawForm,
)
from conditions.admin.screens import about_condition, edition_of, fields_of, screen
from conditions.compare.comparing import Comparison, compare
from conditions.composing import Content, compose
from conditions.editing import drafting
from conditions.models import Condition, Listing, PageEvent, PreviewLink
from conditions.publishing import previewing, publishing


def findings_in(content: Content) -> list[lint.Finding]:
    """The findings of the checks in a content, with the clinic's own emergency number."""
    return lint.check(content, emergency_number=ClinicDetails.current().emergency_number)


@require_safe
@about_condition("view_condition")
def preview(request: HttpRequest, condition: Condition) -> HttpResponse:
    """The page as the working copy, or one edition (`?edition=`), would make it.

    To a clinical reviewer it is the page as it reads after their approval.
    """
    number = request.GET.get("edition", "")
    may_review = request.user.has_perm("conditions.review_edition")
    clinician = StaffProfile.of(request.user) if may_review else None
    if clinician and not clinician.name:
        clinician = None
    stored = edition_of(condition, number) if number else None
    edition = previewing.as_it_will_read(stored or previewing.composed(condition), clinician)
    bar = {"edition": stored, "findings": findings_in(edition.content), "staff": True}
    return previewing.response(edition, bar=bar)


@about_condition("change_condition")
def submit(request: HttpRequest, condition: Condition) -> HttpResponse:
    """Send the working copy to a clinician, with the checks beside the text."""
    form = SubmitForm(request.POST or None, condition=condition, state="")
    if form.is_valid():
        try:
            edition = publishing.submit(condition=condition, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Edition {edition.number} of “{condition}” waits for review.")
            return redirect("admin:conditions_condition_change", condition.pk)
    content = compose(condition)
    if not form.is_bound:
        form.show_state(fingerprint(content))
    findings = findings_in(content)
    return screen(
        request,
        "condition/submit.html",
        condition,
        form=form,
        parts=beside_text(content, findings, fields_of(condition, content)),
        finding_count=len(findings),
        says_the_same=condition.is_live and condition.live_edition.checksum == checksum(content),
        waiting=condition.editions.waiting().without_content().first(),
    )


def beside_text(content: Content, findings: list[lint.Finding], fields: dict[str, str]) -> list[dict[str, Any]]:
    """Each part of the page with its findings, and the id of its field in the form."""
    found = lint.by_place(findings)
    html = {part["kind"]: part["html"] for part in content["sections"]}
    html |= {faq["anchor"]: faq["html"] for faq in content["faqs"]}
    return [
        {
            "where": part.where,
            "place": part.place,
            "html": richtext.safe(html[part.where]) if part.where in html else "",
            "lines": [block.text for block in part.blocks] or [link.text for link in part.links],
            "picture": pictures.with_address(content["picture"]) if part.where == "picture" else None,
            "findings": found.get(part.where, []),
            "field": fields[part.where],
        }
        for part in lint.parts_of(content)
    ]


@about_condition("publish_unreviewed")
def publish(request: HttpRequest, condition: Condition) -> HttpResponse:
    """Publish the working copy without a clinician's review, with a reason that is kept."""
    form = PublishForm(request.POST or None, state="")
    if form.is_valid():
        try:
            edition = publishing.publish_working_copy(condition=condition, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"Edition {edition.number} of “{condition}” is public now.")
            return redirect("admin:conditions_condition_change", condition.pk)
    content = compose(condition)
    if not form.is_bound:
        form.show_state(fingerprint(content))
    return screen(request, "condition/publish.html", condition, form=form, findings=findings_in(content))


@about_condition("withdraw_condition")
def withdraw(request: HttpRequest, condition: Condition) -> HttpResponse:
    """Take the page off the site, after a question."""
    form = WithdrawForm(request.POST or None)
    if form.is_valid():
        publishing.withdraw(condition=condition, by=request.user, **form.cleaned_data)
        messages.success(request, f"“{condition}” is no longer public.")
        return redirect("admin:conditions_condition_change", condition.pk)
    pointing = Listing.objects.filter(related=condition)
    return screen(request, "condition/withdraw.html", condition, form=form, pointing=pointing)


@require_safe
@about_condition("view_condition")
def compare_states(request: HttpRequest, condition: Condition) -> HttpResponse:
    """Any two editions, or one and the working copy. Without a choice: the working copy against the live edition."""
    live = condition.live_edition
    latest = condition.editions.without_content().first()
    default = {"old": str((live or latest).number) if latest else WORKING_COPY, "new": WORKING_COPY, "form": "inline"}
    form = CompareForm(default | request.GET.dict(), condition=condition)
    comparison = None
    if form.is_valid():
        old, new = (content_of(condition, form.cleaned_data[name]) for name in ("old", "new"))
        comparison = comparison_of(old, new)
    names = {f"{name}_name": dict(form.fields[name].choices).get(form[name].value(), "") for name in ("old", "new")}
    return screen(request, "condition/compare.html", condition, form=form, comparison=comparison, **names)


def content_of(condition: Condition, state: str) -> Content:
    return compose(condition) if state == WORKING_COPY else edition_of(condition, state).content


def comparison_of(old: Content | None, new: Content) -> Comparison:
    """The difference between two contents, with the names of the related pages."""
    related = {*(old or {}).get("related", []), *new["related"]}
    return compare(old, new, names=dict(Condition.objects.filter(pk__in=related).values_list("pk", "name")))


@require_safe
@about_condition("view_condition")
def history(request: HttpRequest, condition: Condition) -> HttpResponse:
    """All editions, and every step of the page with its user, time and reason."""
    steps = PageEvent.objects.of_page(condition).select_related("by", "edition").defer("edition__content")
    page = Paginator(steps, 50).get_page(request.GET.get("page"))
    people = condition.editions.without_content().select_related("submitted_by", "decided_by")
    editions = Paginator(people, 50).get_page(request.GET.get("editions"))
    return screen(request, "condition/history.html", condition, steps=page, editions=editions)


@about_condition("change_condition")
def revert(request: HttpRequest, condition: Condition, number: int) -> HttpResponse:
    """Set the working copy back to an edition, after a comparison of the two."""
    edition = edition_of(condition, str(number))
    form = RevertForm(request.POST or None, state="")
    if form.is_valid():
        try:
            left_out = drafting.revert(edition=edition, by=request.user, **form.cleaned_data)
        except UserFacingError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"The working copy of “{condition}” says what edition {number} said.")
            for warning in left_out:
                messages.warning(request, warning)
            return redirect("admin:conditions_condition_change", condition.pk)
    content = compose(condition)
    if not form.is_bound:
        form.show_state(fingerprint(content))
    comparison = comparison_of(content, edition.content)
    return screen(request, "condition/revert.html", condition, edition=edition, form=form, comparison=comparison)


@about_condition("add_previewlink")
def links(request: HttpRequest, condition: Condition) -> HttpResponse:
    """The links under which people without an account read the page before it is public. A new one is shown once."""
    form = ShareForm(request.POST or None, condition=condition, initial={"edition": request.GET.get("edition")})
    address = ""
    if form.is_valid():
        number = form.cleaned_data["edition"]
        edition = edition_of(condition, number) if number else None
        _, token = previewing.share(
            condition=condition, by=request.user, days=form.cleaned_data["days"], edition=edition
        )
        address = request.build_absolute_uri(reverse("conditions:shared_preview", args=[token]))
        form = ShareForm(condition=condition)
    usable = condition.preview_links.usable().select_related("edition", "made_by").defer("edition__content")
    return screen(request, "condition/links.html", condition, form=form, address=address, links=usable)


@require_POST
@about_condition("change_previewlink")
def end_link(request: HttpRequest, condition: Condition, link: int) -> HttpResponse:
    previewing.unshare(link=get_object_or_404(PreviewLink, pk=link, condition=condition), by=request.user)
    messages.success(request, "The link leads nowhere now.")
    return redirect("admin:conditions_condition_links", condition.pk)
