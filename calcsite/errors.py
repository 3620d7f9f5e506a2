"""The base of all refusals that a page shows."""


class UserFacingError(Exception):
    """A step that is not possible now. The message is the sentence that the page shows, with the next step.

    Raised by verbs and caught by views. A subclass exists only where a caller handles that case differently.
    """
