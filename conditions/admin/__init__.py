"""The admin of the content. Importing the modules registers them."""

from conditions.admin import conditions, readonly, reports, reviewing, site

__all__ = ["conditions", "readonly", "reports", "reviewing", "site"]
