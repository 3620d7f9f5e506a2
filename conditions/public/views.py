"""The public pages. Each fetches, asks the domain, and renders; the words are in the templates."""

import functools
import mimetypes
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import urlencode

from django.contrib import admin
from django.core import signing
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Count
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from calcsite.web.compression import Uncompressed, accepted_encoding
from calcsite.web.paging import links_to_pages, page_of
from calcsite.web.public_pages import compressed_response, is_from_this_site, public_page
from conditions import pictures, richtext, search
from conditions.choices import TagKind
from conditions.composing import compose_faqs
from conditions.models import (
    FAQ,
    Edition,
    Feedback,
    GeneralPage,
    Listing,
    ListingTag,
    PreviewLink,
    RenderedPage,
)
from conditions.public import filters
from conditions.public.forms import CommentForm
from conditions.publishing import jsonld, pages, previewing

COMMENT = "a comment on an answer"
MAX_QUERY_CHARACTERS = 200


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    tags = list(ListingTag.objects.counted().order_by("name"))
    counts = dict(Listing.objects.order_by().values_list("letter").annotate(count=Count("pk")))
    context = {
        "letters": [{"letter": letter, "count": counts.get(letter, 0)} for letter in filters.LETTERS if letter != "#"],
        "popular": Listing.objects.filter(featured=True)[:6],
        "body_areas": [tag for tag in tags if tag["kind"] == TagKind.BODY_AREA],
        "specialties": [tag for tag in tags if tag["kind"] == TagKind.SPECIALTY],
    }
    return render(request, "home.html", context)


@require_safe
@public_page
def condition_list(request: HttpRequest) -> HttpResponse:
    asked, left_out = filters.known_filters(request.GET)
    found = filters.ListingFilter(asked, queryset=Listing.objects.all())
    page = page_of(found.qs, request.GET)
    facets = filters.facets(found)
    context = {
        "form_q": asked.get("q", ""),
        "letters": filters.letters(found),
        "facets": facets,
        "applied": filters.applied(found, facets),
        "clear_url": reverse("conditions:list"),
        "problems": left_out,
        "page_obj": page,
        "pages": links_to_pages(page, filters.address_parts(asked)),
        "total": page.paginator.count,
    }
    return render(request, "conditions/listing_list.html", context)


def at_todays_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of one public page that redirects permanently from a former address of the page."""

    @functools.wraps(view)
    def found_or_moved(request: HttpRequest, slug: str, **kwargs: object) -> HttpResponse:
        try:
            return view(request, slug, **kwargs)
        except Http404:
            moved = Listing.objects.filter(condition__old_addresses__slug=slug).first()
            if moved is None:
                raise
            address = reverse(request.resolver_match.view_name, kwargs=kwargs | {"slug": moved.slug})
            return redirect(
                address,
                permanent=True,
                preserve_request=request.method == "POST",
            )

    return found_or_moved


@require_safe
@at_todays_address
def condition_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One query where the page was rendered ahead, as it is from the moment it is published."""
    encoding = accepted_encoding(request.headers.get("Accept-Encoding", ""))
    kept = RenderedPage.objects.at_address(slug, encoding=encoding)
    if kept is None or not kept.is_true(layout=pages.layout()):
        return render_condition(request, slug)
    response = compressed_response(request, kept, expires_at=kept.expires_at)
    response.public_version = kept.public_version
    return response


@public_page
def render_condition(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a condition, rendered now: after the installation of a new layout, or a change of the page."""
    listing = get_object_or_404(Listing.objects.select_related("condition__live_edition"), slug=slug)
    edition = listing.condition.live_edition
    today = timezone.localdate()
    response = HttpResponse(pages.render(edition, on=today))
    response.expires_at = pages.expires_at(edition, on=today)
    return response


@require_safe
@at_todays_address
@public_page
def condition_history(request: HttpRequest, slug: str) -> HttpResponse:
    listing = get_object_or_404(Listing.objects.select_related("condition"), slug=slug)
    live = listing.condition.live_edition_id
    today = timezone.localdate()
    editions = [
        {"number": edition.number, "is_live": edition.pk == live, "review": pages.review_of(edition, on=today)}
        for edition in Edition.objects.of_page(listing.condition)
    ]
    return render(
        request,
        "conditions/condition_history.html",
        {"name": listing.name, "slug": slug, "editions": editions},
    )


@require_safe
@at_todays_address
@public_page
def condition_edition(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The page under one edition that the public has read before."""
    listing = get_object_or_404(Listing.objects.select_related("condition"), slug=slug)
    edition = get_object_or_404(Edition.objects.of_page(listing.condition), number=number)
    today = timezone.localdate()
    context = pages.page_context(edition, on=today) | {
        "name": listing.name,
        "slug": slug,
        "is_live": edition.pk == listing.condition.live_edition_id,
    }
    response = render(request, "conditions/condition_edition.html", context)
    response.expires_at = pages.expires_at(edition, on=today)
    return response


@csrf_exempt  # the form's page is the same for all visitors, and so has no token
@require_http_methods(["GET", "HEAD", "POST"])
@at_todays_address
def helpful(request: HttpRequest, slug: str) -> HttpResponse:
    """ "Was this page helpful?", answered by one of two buttons. No cookie and no name is kept."""
    listing = get_object_or_404(Listing.objects.select_related("condition"), slug=slug)
    if request.method != "POST":
        return redirect(listing)
    if not is_from_this_site(request):
        return render(request, "refused_form.html", status=403)
    answer = request.POST.get("answer")
    if answer not in {"yes", "no"}:
        return redirect(listing)
    feedback = Feedback.objects.create(
        condition=listing.condition, edition_id=listing.condition.live_edition_id, helpful=answer == "yes"
    )
    return redirect("conditions:comment", slug, signing.dumps(feedback.pk, salt=COMMENT))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@at_todays_address
def comment(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """The comment on an answer that was just given. One comment for one answer."""
    listing = get_object_or_404(Listing, slug=slug)
    try:
        feedback = get_object_or_404(Feedback, pk=signing.loads(token, salt=COMMENT), condition=listing.pk)
    except signing.BadSignature as error:
        raise Http404 from error
    form = CommentForm(request.POST or None)
    if request.method == "POST" and not is_from_this_site(request):
        return render(request, "refused_form.html", status=403)
    if request.method == "POST" and form.is_valid():
        if feedback.add_comment(form.cleaned_data["comment"]):
            return redirect("conditions:thanks", slug)
        form.add_error("comment", form.HAS_COMMENT)
    context = {"form": form, "name": listing.name, "slug": slug, "answer": "yes" if feedback.helpful else "no"}
    return render(request, "conditions/helpful.html", context)


@require_safe
@at_todays_address
def thanks(request: HttpRequest, slug: str) -> HttpResponse:
    listing = get_object_or_404(Listing, slug=slug)
    return render(request, "conditions/helpful_thanks.html", {"name": listing.name, "slug": slug})


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture of a condition page, and no other stored file. Its name holds a digest: it may be kept for ever.

    One that the public has not seen yet is for staff, and for those with a link to its preview.
    """
    stored = f"{pictures.FOLDER}/{name}"
    is_public = previewing.picture_is_public(stored)
    if not (is_public or sees_previews(request) or previewing.picture_is_shared(stored)):
        raise Http404
    try:
        file = default_storage.open(stored)
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = drawing(request, file) if kind == "image/svg+xml" else FileResponse(file)
    response["Content-Type"] = kind
    response["Content-Security-Policy"] = pictures.POLICY
    response["Cache-Control"] = "public, max-age=31536000, immutable" if is_public else "private, no-store"
    return response


def sees_previews(request: HttpRequest) -> bool:
    """Whether the visitor is signed in to the admin, with the permission to view working copies."""
    return admin.site.has_permission(request) and request.user.has_perm("conditions.view_condition")


@require_safe
def shared_preview(request: HttpRequest, token: str) -> HttpResponse:
    """A page before it is public, under a preview link."""
    link = PreviewLink.objects.with_token(token)
    if link is None:
        return render(request, "conditions/preview_ended.html", status=404)
    return previewing.response(previewing.shared_edition(link), bar={"link": link})


def drawing(request: HttpRequest, file: File) -> HttpResponse:
    """A drawing is text, and worth compressing."""
    with file:
        return compressed_response(request, Uncompressed(file.read()))


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    query = richtext.plain_line(request.GET.get("q", "")[:MAX_QUERY_CHARACTERS])
    asked = request.GET.get("page", "1")[:6]
    found = search.find(query, page=max(int(asked), 1) if asked.isdecimal() else 1)
    if not found.total:
        search.note_empty(query)
    context = {
        "query": query,
        "results": found.hits,
        "total": found.total,
        "total_is_capped": found.total_is_capped,
        "some_words_only": found.some_words_only,
        "did_you_mean": found.did_you_mean,
        "did_you_mean_url": "?" + urlencode({"q": found.did_you_mean}),
        "too_long": len(request.GET.get("q", "")) > MAX_QUERY_CHARACTERS,
        "page_obj": found.page,
        "pages": links_to_pages(found.page, filters.address_parts(QueryDict.fromkeys(["q"], query))),
    }
    return render(request, "conditions/search.html", context)


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """Names and questions that begin as the visitor has begun to type, for the script beside the search field."""
    found = search.suggest(richtext.plain_line(request.GET.get("q", "")[:MAX_QUERY_CHARACTERS]))
    return JsonResponse({"suggestions": [asdict(suggestion) for suggestion in found]})


@require_safe
@public_page
def faqs(request: HttpRequest) -> HttpResponse:
    about_service = compose_faqs(FAQ.objects.about_service())
    page = page_of(Listing.objects.with_questions(), request.GET)
    context = {
        "service_faqs": [faq | {"html": richtext.safe(faq["html"])} for faq in about_service],
        "json_ld": [richtext.safe_json(jsonld.faq_page(about_service))] if about_service else [],
        "page_obj": page,
        "pages": links_to_pages(page, QueryDict(mutable=True)),
    }
    return render(request, "conditions/faqs.html", context)


@require_safe
@public_page
def general_page(request: HttpRequest, slug: str) -> HttpResponse:
    page = get_object_or_404(GeneralPage, slug=slug)
    context = {
        "title": page.title,
        "summary": page.summary,
        "html": richtext.safe_page(page.body),
        "slug": slug,
        "updated": page.updated_at,
    }
    return render(request, "conditions/general_page.html", context)
