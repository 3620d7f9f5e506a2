"""Condition pages: rendering one, keeping it compressed, and knowing when it is no longer true."""

import functools
import hashlib
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import timezone

from calcsite.compression import Compressed
from calcsite.context import clinic
from conditions import jsonld, richtext
from conditions.composing import Content, compose
from conditions.models import Condition, Edition, Listing, RenderedPage


def render(edition: Edition, *, on: date | None = None) -> bytes:
    """The finished page of a live edition, as it reads on a day (`on`: at the clinic, default today)."""
    context = page_context(edition, on=on) | {"related": related_pages(edition.content)}
    return render_to_string("conditions/condition_detail.html", context).encode()


def render_preview(condition: Condition) -> bytes:
    """The page that the working copy would make, through the same template. Nothing is stored."""
    draft = Edition(condition=condition, number=0, content=compose(condition))
    context = page_context(draft) | {"related": related_pages(draft.content), "is_preview": True}
    return render_to_string("conditions/condition_detail.html", context).encode()


def page_context(edition: Edition, *, on: date | None = None) -> dict[str, Any]:
    """What the page's template shows of an edition. The same for the public page and for a page of the history."""
    content = content_for_template(edition.content)
    review = review_of(edition, on=on)
    return clinic() | {
        "content": content,
        "edition": edition,
        "review": review,
        "json_ld": jsonld.for_page(content, edition=edition, review=review),
    }


def content_for_template(content: Content) -> Content:
    """The content of an edition with its HTML declared safe and its picture given an address."""
    return content | {
        "picture": picture_for_template(content["picture"]),
        "sections": [part | {"html": richtext.safe(part["html"])} for part in content["sections"]],
        "faqs": [faq | {"html": richtext.safe(faq["html"])} for faq in content["faqs"]],
    }


def picture_for_template(picture: dict[str, Any] | None) -> dict[str, Any] | None:
    return picture and picture | {"url": default_storage.url(picture["file"])}


def review_of(edition: Edition, *, on: date | None = None) -> dict[str, Any]:
    """Who stands behind an edition, and whether that is still in date (`on`: at the clinic, default today)."""
    if edition.status != Edition.Status.APPROVED:
        state = "unreviewed"
    else:
        state = "overdue" if edition.is_overdue(on) else "reviewed"
    return {
        "state": state,
        "reviewer": edition.reviewer_name,
        "credentials": edition.reviewer_credentials,
        "reviewed_on": edition.reviewed_on,
        "due_on": edition.review_due_on,
        "published_on": edition.published_at and timezone.localdate(edition.published_at),
        "number": edition.number,
    }


def related_pages(content: Content) -> Iterable[dict[str, str]]:
    """The live pages among those that this content points to, as they are called now."""
    return Listing.objects.filter(condition__in=content["related"]).values("slug", "name", "summary")


def render_ahead(listing: Listing) -> None:
    """Render a live page and keep it compressed, so that nobody has to wait for that."""
    edition = Edition.objects.get(pk=listing.condition.live_edition_id)
    page = Compressed.thoroughly(render(edition))
    RenderedPage.objects.update_or_create(
        listing=listing,
        defaults={
            "layout": layout(),
            "etag": page.etag,
            "expires_at": expires_at(edition),
            "brotli": page.brotli,
            "gzip": page.gzip,
        },
    )


def expires_at(edition: Edition, at: datetime | None = None) -> datetime | None:
    """The moment when the page of an edition begins to read differently by itself: the start of its review's due day.

    None when there is none to come. Midnight is the clinic's.
    """
    if edition.review_due_on is None:
        return None
    moment = timezone.make_aware(datetime.combine(edition.review_due_on, time.min))
    return moment if moment > (at or timezone.now()) else None


def forget_pages_showing(condition: Condition) -> None:
    """Drop the kept pages on which `condition` appears: its own and those that point to it."""
    RenderedPage.objects.filter(listing__related=condition).delete()
    RenderedPage.objects.filter(listing=condition.pk).delete()


def render_missing(*, most: int = 200) -> int:
    """Render up to `most` live pages that are not kept, or were made with another layout. Returns how many it was."""
    stale = Listing.objects.exclude(rendered__layout=layout()) | Listing.objects.filter(
        rendered__expires_at__lte=timezone.now()
    )
    listings = list(stale.select_related("condition").order_by("pk").distinct()[:most])
    for listing in listings:
        render_ahead(listing)
    return len(listings)


@functools.cache
def layout() -> str:
    """A mark of everything but the database that decides how a page looks: templates, static files, site address."""
    mark = hashlib.sha256(settings.SITE_URL.encode())
    for folder in (*settings.TEMPLATES[0]["DIRS"], *settings.STATICFILES_DIRS, settings.BASE_DIR / "conditions"):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in {".html", ".css", ".js", ".svg", ".py"} and "tests" not in path.parts:
                mark.update(path.read_bytes())
    mark.update(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    return mark.hexdigest()
