"""The clinic's names for Django's users and groups: people and roles."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

ROLES = {
    "Editor": "Writes pages and sends them for review. Publishes nothing.",
    "Clinical reviewer": "Reads what was sent, approves it or sends it back, and takes pages off the site. "
    "Writes nothing.",
    "Booking coordinator": "Reads pages and questions, to help those who call. Changes nothing.",
    "Clinician": "Reads pages and questions, to point patients to them. Changes nothing.",
    "Administrator": "Looks after people and the clinic’s details, writes like an editor, publishes without review "
    "(and the page says so). Approves nothing.",
}


class RenamedModelMixin:
    """Admin mixin for models with other names on this site, which the templates of `admin/auth/` show."""

    singular: str
    plural: str

    def name_of(self, row: Model) -> str:
        return str(row)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        words = {"title": self.plural, "singular": self.singular, "plural": self.plural}
        return super().changelist_view(request, words | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        title = self.name_of(row) if row else f"Add a {self.singular}"
        words = {"title": title, "subtitle": "", "plural": self.plural}
        return super().changeform_view(request, object_id, form_url, words | (extra_context or {}))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().history_view(request, object_id, {"module_name": self.plural} | (extra_context or {}))
