"""Listings: what lists, filters, links and old addresses show of a live page, made when its edition goes live."""

from calcsite.errors import UserFacingError
from conditions import lint
from conditions.models import Condition, Edition, InternalLink, Listing, ListingTag, OldAddress, PublishedPicture


def make_listing(edition: Edition) -> Listing:
    """Write what the site shows of an edition besides its page. Raises UserFacingError."""
    content = edition.content
    _keep_address(edition)
    if Listing.objects.filter(slug=content["slug"]).exclude(pk=edition.condition_id).exists():
        raise UserFacingError(f"Another public page already has the address “{content['slug']}”.")
    listing, _ = Listing.objects.update_or_create(
        condition=edition.condition,
        defaults={
            "slug": content["slug"],
            "name": content["name"],
            "sort_name": content["name"].casefold(),
            "letter": first_letter(content["name"]),
            "summary": content["summary"],
            "aliases": content["aliases"],
            "words": " ".join([content["name"], *content["aliases"], content["summary"]]).casefold(),
            "stored_picture": content["picture"],
            "question_count": len(content["faqs"]),
            "featured": content["featured"],
            "changed_at": edition.published_at,
        },
    )
    listing.related.set(Condition.objects.filter(pk__in=content["related"]))
    listing.tags.all().delete()
    ListingTag.objects.bulk_create(
        ListingTag(listing=listing, kind=kind, slug=tag["slug"], name=tag["name"])
        for kind, tags in content["tags"].items()
        for tag in tags
    )
    listing.internal_links.all().delete()
    InternalLink.objects.bulk_create(
        InternalLink(listing=listing, place=link.where[:80], path=link.path[:500])
        for link in lint.internal_links(content)
        if link.path.startswith("/")
    )
    if content["picture"]:
        PublishedPicture.objects.get_or_create(name=content["picture"]["file"], condition=edition.condition)
    return listing


def _keep_address(edition: Edition) -> None:
    """When the page moves, its address until now goes on leading to it; one that is taken again is no old address."""
    slug = edition.content["slug"]
    others = OldAddress.objects.filter(slug=slug).exclude(condition=edition.condition)
    if other := others.filter(condition__live_edition__isnull=False).select_related("condition").first():
        raise UserFacingError(f"“{slug}” was the address of “{other.condition}”, and still leads there.")
    OldAddress.objects.filter(slug=slug).delete()
    before = edition.condition.editions.published().filter(number__lt=edition.number)
    former = before.values_list("content__slug", flat=True).first()
    taken = Listing.objects.filter(slug=former).exclude(pk=edition.condition_id).exists()
    if former and former != slug and not taken:
        OldAddress.objects.update_or_create(slug=former, defaults={"condition": edition.condition})


def first_letter(name: str) -> str:
    """The letter that a page is listed under: A to Z, or # for a name that begins otherwise."""
    letter = name[:1].upper()
    return letter if "A" <= letter <= "Z" else "#"
