"""The admin of the site itself: the clinic's details and the staff accounts."""

from calcsite.admin import clinic, people, roles

__all__ = ["clinic", "people", "roles"]
