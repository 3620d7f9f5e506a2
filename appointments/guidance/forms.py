"""Forms of staff about one item of the checklist or of the guidance for recovery."""

from django import forms

from calcsite.admin.guarding import GuardedForm
from calcsite.stale import SeenMixin

SAFETY = "This is a safety change: what patients hold now must no longer be followed"


class GuidanceForm(GuardedForm):
    is_safety_change = forms.BooleanField(
        label=SAFETY,
        required=False,
        help_text="Each booking and each recovery plan has a copy of the words as they were, and keeps it. "
        "Tick this when following the old words could harm somebody. You then see how many patients have them, and "
        "whoever looks after the bookings finds these patients on a list.",
    )


class ReviewForm(SeenMixin, forms.Form):
    """The review of the version that the page shows. Its page has another form with the same field, so no ids."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, auto_id=False, **kwargs)
