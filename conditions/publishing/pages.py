"""Condition pages: rendering, keeping the compressed page, and dropping it when it is out of date."""

import functools
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.template import TemplateSyntaxError
from django.template.loader import render_to_string
from django.urls import NoReverseMatch
from django.utils import timezone

from calcsite.context import clinic
from calcsite.models import PublicVersion
from calcsite.web.compression import Compressed
from conditions import pictures, richtext
from conditions.composing import Content
from conditions.models import Condition, Edition, Listing, RenderedPage
from conditions.publishing import jsonld

logger = logging.getLogger(__name__)


def render(edition: Edition, *, on: date, preview: dict[str, Any] | None = None) -> bytes:
    """The finished page of an edition on a day at the clinic.

    `preview` is the context of the bar above a preview; the rest of a preview is the page, byte for byte.
    """
    context = page_context(edition, on=on) | {"related": related_pages(edition.content), "preview": preview}
    return render_to_string("conditions/condition_detail.html", context).encode()


def page_context(edition: Edition, *, on: date) -> dict[str, Any]:
    """The template context of an edition, for the public page and for a page of the history alike."""
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
        "picture": pictures.with_address(content["picture"]),
        "sections": [part | {"html": richtext.safe(part["html"])} for part in content["sections"]],
        "faqs": [faq | {"html": richtext.safe(faq["html"])} for faq in content["faqs"]],
    }


def review_of(edition: Edition, *, on: date) -> dict[str, Any]:
    """The review of an edition, and its state on a day at the clinic."""
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
        "corrector": edition.corrector_name,
        "corrector_credentials": edition.corrector_credentials,
        "corrected_on": edition.corrected_on,
        "published_on": edition.published_at and timezone.localdate(edition.published_at),
        "number": edition.number,
    }


def related_pages(content: Content) -> Iterable[dict[str, str]]:
    """The live pages among the related ones of a content, with their present names."""
    return Listing.objects.filter(condition__in=content["related"]).values("slug", "name", "summary")


@dataclass(frozen=True)
class MadePage:
    """A finished page that is not stored, with the public version that it shows."""

    condition: Condition
    version: int
    html: bytes
    expires_at: datetime | None

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The fields of its RenderedPage. Compresses the page: tens of milliseconds of work."""
        page = Compressed.thoroughly(self.html)
        forms = {"etag": page.etag, "brotli": page.brotli, "gzip": page.gzip}
        return forms | {"layout": layout(), "expires_at": self.expires_at}


def make_page(condition: Condition, edition: Edition | None = None) -> MadePage | None:
    """The finished page of a condition's live edition (`edition`, or read from the database); None without one."""
    version = PublicVersion.current()  # before all that the page shows
    if edition is None:
        edition = Edition.objects.filter(
            pk__in=Condition.objects.filter(pk=condition.pk).values("live_edition")
        ).first()
    if edition is None:
        return None
    today = timezone.localdate()
    return MadePage(condition, version, render(edition, on=today), expires_at(edition, on=today))


def keep_page(page: MadePage) -> bool:
    """Keep a page, unless the public version has changed since it was made. Returns whether it is kept."""
    kept = RenderedPage(listing_id=page.condition.pk, **page.fields)  # compresses, and so precedes the transaction
    with transaction.atomic():
        if not PublicVersion.lock(page.version):
            return False
        RenderedPage.objects.bulk_create(
            [kept], update_conflicts=True, unique_fields=["listing"], update_fields=list(page.fields)
        )
    return True


def render_ahead(condition: Condition) -> bool:
    """Render the live page of a condition and keep it. Returns whether it is kept."""
    page = make_page(condition)
    return page is not None and keep_page(page)


def keep_latest(page: MadePage) -> None:
    """Keep the page of an edition that has just gone live, made anew if the public side has changed since.

    Without a kept page the page is rendered for each visitor until the worker makes it (`render_missing`).
    """
    try:
        if not keep_page(page):
            render_ahead(page.condition)
    except DatabaseError:
        logger.exception("the page of %s is live and could not be kept", page.condition)


def expires_at(edition: Edition, *, on: date) -> datetime | None:
    """The moment from which the page of an edition, rendered for the day `on`, is out of date by itself.

    That is the start of its review's due day, midnight at the clinic; None when that day has come or there is none.
    """
    if edition.review_due_on is None or edition.is_overdue(on):
        return None
    return timezone.make_aware(datetime.combine(edition.review_due_on, time.min))


def forget_pages_showing(condition: Condition) -> None:
    """Delete the kept pages that show `condition`: its own, and the ones that link to it."""
    pointing = Listing.related.through.objects.filter(condition=condition.pk).values("listing")
    RenderedPage.objects.filter(Q(listing=condition.pk) | Q(listing__in=pointing)).delete()


def render_missing(*, most: int = 200) -> int:
    """Render up to `most` live pages that are not kept, or were made with another layout. Returns how many are now.

    A page that cannot be rendered is logged and skipped.
    """
    stale = Condition.objects.filter(listing__isnull=False).exclude(
        Q(listing__rendered__layout=layout())
        & (Q(listing__rendered__expires_at=None) | Q(listing__rendered__expires_at__gt=timezone.now()))
    )
    kept = 0
    for condition in stale.order_by("pk")[:most]:
        try:
            kept += render_ahead(condition)
        except (TemplateSyntaxError, NoReverseMatch, KeyError, TypeError, ValueError):
            logger.exception("the page of %s cannot be rendered", condition)
    return kept


@functools.cache
def layout() -> str:
    """The hash of all inputs of a page besides the database: code, templates, static files, some settings."""
    mark = hashlib.sha256(f"{settings.SITE_URL} {settings.TIME_ZONE} {settings.DEBUG}".encode())
    mark.update((settings.BASE_DIR / "constraints.txt").read_bytes())
    packages = [settings.BASE_DIR / name for name in ("calcsite", "conditions", "appointments")]
    for folder in (*settings.TEMPLATES[0]["DIRS"], *settings.STATICFILES_DIRS, *packages):
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in {".html", ".css", ".js", ".svg", ".py"} and "tests" not in path.parts:
                mark.update(path.read_bytes())
    mark.update(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    return mark.hexdigest()
