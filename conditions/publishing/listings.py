"""Listings: the rows by which a live page is listed, filtered, linked and found at its old addresses."""

from collections.abc import Iterable

from django.db import IntegrityError, models

from calcsite.errors import UserFacingError
from conditions import lint
from conditions.models import Condition, Edition, Listing, OldAddress, PublishedPicture


def make_listing(edition: Edition, *, former_slug: str | None) -> Listing:
    """Write the rows of an edition that goes live. `former_slug` is the address of the edition that was live before.

    Raises UserFacingError, and leaves the caller's transaction broken, when another public page has the address or is
    reached by it as its former one.
    """
    content = edition.content
    _keep_address(edition, former_slug)
    listing = Listing(
        condition=edition.condition,
        slug=content["slug"],
        name=content["name"],
        sort_name=content["name"].casefold(),
        letter=first_letter(content["name"]),
        summary=content["summary"],
        aliases=content["aliases"],
        words=" ".join([content["name"], *content["aliases"], content["summary"]]).casefold(),
        stored_picture=content["picture"],
        question_count=len(content["faqs"]),
        featured=content["featured"],
        changed_at=edition.published_at,
    )
    try:
        listing.save()
    except IntegrityError as error:
        problem = f"Another public page already has the address “{listing.slug}”. Choose another address."
        raise UserFacingError(problem) from error
    _relate(listing, content["related"])
    tags = [(kind, tag["slug"], tag["name"]) for kind, tags in content["tags"].items() for tag in tags]
    _replace(listing.tags, ("kind", "slug", "name"), tags)
    links = [(link.where[:80], link.path[:500]) for link in lint.internal_links(content) if link.path.startswith("/")]
    _replace(listing.internal_links, ("place", "path"), links)
    if content["picture"]:
        PublishedPicture.objects.get_or_create(name=content["picture"]["file"], condition=edition.condition)
    return listing


def _relate(listing: Listing, keys: Iterable[int]) -> None:
    """Link the conditions with these keys, as far as they exist, and no others."""
    if set(keys) != set(listing.related.order_by().values_list("pk", flat=True)):
        listing.related.set(Condition.objects.filter(pk__in=keys))


def _replace(rows: models.Manager, fields: tuple[str, ...], wanted: list[tuple[str, ...]]) -> None:
    """Replace the rows of a listing by rows with the values `wanted`, unless they are equal."""
    if sorted(rows.values_list(*fields)) != sorted(wanted):
        rows.all().delete()
        rows.bulk_create(
            rows.model(listing=rows.instance, **dict(zip(fields, values, strict=True))) for values in wanted
        )


def _keep_address(edition: Edition, former_slug: str | None) -> None:
    """Keep the former address of a page that moves. An address that is taken again is no old address any more."""
    slug = edition.content["slug"]
    old = OldAddress.objects.filter(slug=slug).select_related("condition").first()
    if old and old.condition_id != edition.condition_id and old.condition.is_live:
        problem = f"“{slug}” was the address of “{old.condition}”, and still leads there. Choose another address."
        raise UserFacingError(problem)
    if old:
        old.delete()
    moves = former_slug and former_slug != slug
    if moves and not Listing.objects.filter(slug=former_slug).exclude(pk=edition.condition_id).exists():
        OldAddress.objects.update_or_create(slug=former_slug, defaults={"condition": edition.condition})


def first_letter(name: str) -> str:
    """The letter of a page in the list: A to Z, or # for any other first character."""
    letter = name[:1].upper()
    return letter if "A" <= letter <= "Z" else "#"
