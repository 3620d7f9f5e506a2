"""The admin of the content. Importing the modules registers them."""

from conditions.admin import conditions, log, reports, reviewing, site

__all__ = ["conditions", "log", "reports", "reviewing", "site"]
