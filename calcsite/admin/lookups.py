"""The lookups that the address of a list in the admin may contain."""

from typing import Any

from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

# The suffixes that Django's filters and its date hierarchy add to the name of a field.
ENDINGS = {"", "exact", "id__exact", "isnull", "isempty", "gte", "lt", "year", "month", "day"}


class OwnFiltersOnly:
    """For a ModelAdmin: its list can be narrowed by its own filters only.

    Django allows lookups on every field of a model and across relations, so that a list of conditions would answer
    which condition appointment 1 is about. That is a question about a patient, for those with access to patients.
    """

    list_filter: Any
    date_hierarchy: str | None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        name, _, ending = lookup.partition(LOOKUP_SEP)
        filters = [each[0] if isinstance(each, tuple | list) else each for each in self.get_list_filter(request)]
        allowed = {self.date_hierarchy, *(getattr(each, "parameter_name", each) for each in filters)}
        return name in allowed and ending in ENDINGS
