"""What the admin shows of the site itself: the clinic's details and the people who work for it."""

from calcsite.admin import clinic, people, roles

__all__ = ["clinic", "people", "roles"]
