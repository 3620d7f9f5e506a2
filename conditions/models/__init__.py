"""The content: the working copy, editions, the workflow, public rows, and the rows of search."""

from conditions.models.editions import Edition
from conditions.models.public import (
    Feedback,
    InternalLink,
    Listing,
    ListingTag,
    OldAddress,
    PublishedPicture,
    RenderedPage,
)
from conditions.models.searching import EmptySearch, SearchDocument, SearchName, SearchWord
from conditions.models.workflow import DigestSent, PageEvent, PreviewLink
from conditions.models.working import FAQ, Alias, Condition, GeneralPage, Section, Source, Tag

__all__ = [
    "FAQ",
    "Alias",
    "Condition",
    "DigestSent",
    "Edition",
    "EmptySearch",
    "Feedback",
    "GeneralPage",
    "InternalLink",
    "Listing",
    "ListingTag",
    "OldAddress",
    "PageEvent",
    "PreviewLink",
    "PublishedPicture",
    "RenderedPage",
    "SearchDocument",
    "SearchName",
    "SearchWord",
    "Section",
    "Source",
    "Tag",
]
