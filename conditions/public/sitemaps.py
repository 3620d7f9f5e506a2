"""The sitemaps for search engines."""

from datetime import datetime

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from conditions.models import GeneralPage, Listing


class PublicSitemap(Sitemap):
    """Addresses begin with SITE_URL, independent of the host of the request."""

    protocol, _, domain = settings.SITE_URL.partition("://")

    def get_domain(self, site: object = None) -> str:
        return self.domain


class ConditionSitemap(PublicSitemap):
    def items(self) -> QuerySet[Listing]:
        return Listing.objects.only("slug", "changed_at").order_by("pk")

    def lastmod(self, listing: Listing) -> datetime:
        return listing.changed_at


class GeneralPageSitemap(PublicSitemap):
    def items(self) -> QuerySet[GeneralPage]:
        return GeneralPage.objects.order_by("pk")

    def lastmod(self, page: GeneralPage) -> datetime:
        return page.updated_at


class FixedSitemap(PublicSitemap):
    """The pages that every site has."""

    def items(self) -> list[str]:
        second_opinion = [f"appointments:{name}" for name in ("second_opinion", "preparing", "recovery")]
        return ["home", "conditions:list", "conditions:faqs", *second_opinion]

    def location(self, name: str) -> str:
        return reverse(name)


SITEMAPS = {"pages": FixedSitemap, "conditions": ConditionSitemap, "about": GeneralPageSitemap}
