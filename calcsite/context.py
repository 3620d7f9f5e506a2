"""The clinic's details for every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from calcsite.models import ClinicDetails


def clinic(request: HttpRequest | None = None) -> dict[str, Any]:
    """Context for every template, with a request or without. Details are read when a template first asks for one."""
    return {"clinic": SimpleLazyObject(ClinicDetails.current), "site_url": settings.SITE_URL}
