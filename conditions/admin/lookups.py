"""What may stand in the address of a list of the admin."""

from typing import Any

from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

# What Django's filters and its hierarchy of dates add to the name of a field.
ENDINGS = {"", "exact", "id__exact", "isnull", "isempty", "gte", "lt", "year", "month", "day"}


class OwnFiltersOnly:
    """For a ModelAdmin: its list can be narrowed by its own filters, and in no other way.

    Django lets an address ask for every field of a model, and for what points at it: which condition is it that
    appointment 1 is about? That is a question about a patient, to be asked where patients are.
    """

    list_filter: Any
    date_hierarchy: str | None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        name, _, ending = lookup.partition(LOOKUP_SEP)
        return name in self._filters(request) and ending in ENDINGS

    def _filters(self, request: HttpRequest) -> set[str | None]:
        filters = [each[0] if isinstance(each, tuple | list) else each for each in self.get_list_filter(request)]
        return {self.date_hierarchy, *(getattr(each, "parameter_name", each) for each in filters)}
