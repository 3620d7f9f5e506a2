"""The content, in three rooms: what staff edit, what was submitted, and what the public reads."""

from conditions.models.editions import Edition
from conditions.models.public import Feedback, Listing, ListingTag, RenderedPage
from conditions.models.searching import SearchDocument, SearchName, SearchWord
from conditions.models.working import FAQ, Alias, Condition, GeneralPage, Section, Source, Tag

__all__ = [
    "FAQ",
    "Alias",
    "Condition",
    "Edition",
    "Feedback",
    "GeneralPage",
    "Listing",
    "ListingTag",
    "RenderedPage",
    "SearchDocument",
    "SearchName",
    "SearchWord",
    "Section",
    "Source",
    "Tag",
]
