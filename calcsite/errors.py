"""The base of all refusals that a page shows."""


class UserFacingError(Exception):
    """A step that is not possible now. The message is the sentence that the page shows, and says what to do.

    Raised by verbs and caught by views. A subclass exists only where a caller handles that case differently.
    """
