"""The forms of the steps of a page."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from calcsite.stale import SeenMixin
from conditions.models import Condition, Edition
from conditions.months import months_after
from conditions.publishing.previewing import MAX_LINK_DAYS

WORKING_COPY = "working"


def text_field(label: str, help_text: str = "", *, missing: str = "") -> forms.CharField:
    """A field for a sentence or two. Required if `missing`, the message for an empty field, is given."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=bool(missing),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
        error_messages={"required": missing},
    )


class TextSeenForm(SeenMixin, forms.Form):
    """A step about the working copy, whose text stands on the form's page."""

    def clean_seen(self) -> str:
        if not self.sent_state:
            raise forms.ValidationError("This form was not filled in from the page with the text. Open it again.")
        return self.sent_state


class SubmitForm(TextSeenForm):
    """Sends the working copy to a clinician."""

    note = text_field("Note to the reviewer", "What changed, and why. Only staff read it.")
    is_correction = forms.BooleanField(
        label="Only a correction, such as a spelling mistake",
        help_text="A clinician still has to approve it. The date of the last full review can then stay.",
        required=False,
    )

    def __init__(self, *args: Any, condition: Condition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not condition.has_review:
            del self.fields["is_correction"]


class PublishForm(TextSeenForm):
    """The reason for publishing a page without a clinician's approval."""

    reason = text_field(
        "Why without a clinician’s review?",
        "Kept with the edition. The public page says that no clinician has reviewed it.",
        missing="Say why the page is published without a clinician’s review.",
    )


class WithdrawForm(forms.Form):
    reason = text_field(
        "Why is the page taken off the site?",
        "Kept in the log. The public is not told.",
        missing="Say why the page is taken off the site.",
    )


class RevertForm(TextSeenForm):
    """Sets the working copy back to an edition."""


class ReturnForm(forms.Form):
    reason = text_field(
        "What should the author change?",
        "The author reads it on their first page.",
        missing="Say what the author should change.",
    )


class ApproveForm(forms.Form):
    """A clinician's approval, for now or for a set time."""

    keeps_review = forms.ChoiceField(
        label="What have you reviewed?",
        choices=[
            ("yes", "The correction only: the dates of the last review stay"),
            ("", "The whole page: the review dates start anew"),
        ],
        required=False,
        initial="yes",
        widget=forms.RadioSelect,
    )
    due = forms.DateField(
        label="Next review due",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Fill in the day of the next review."},
    )
    goes_live_at = forms.DateTimeField(
        label="Goes live at",
        help_text="The clinic’s own time. Leave empty to publish now.",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, edition: Edition, on: date | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on, condition = on or timezone.localdate(), edition.condition
        self.fields["due"].initial = months_after(on, condition.review_months)
        self.fields["due"].help_text = f"At most {condition.review_months} months after this review."
        if edition.is_correction and condition.has_review:
            self.fields[
                "due"
            ].help_text = f"Only for a review of the whole page: at most {condition.review_months} months after it."
        else:
            del self.fields["keeps_review"]

    def clean_keeps_review(self) -> bool:
        return self.cleaned_data["keeps_review"] == "yes"


class ImportForm(forms.Form):
    """A condition from a file."""

    file = forms.FileField(
        label="The file",
        help_text="As “Save as a file” makes it, of up to 3 MB.",
        error_messages={"required": "Choose a file."},
    )
    replace = forms.BooleanField(
        label="Replace the working copy if the address is here already",
        help_text="What that working copy says now is lost, unless an edition holds it. The public does not see it.",
        required=False,
    )


class ShareForm(forms.Form):
    """A preview link for a reader without an account."""

    edition = forms.ChoiceField(label="What should it show?", required=False)
    days = forms.IntegerField(
        label="For how many days?",
        min_value=1,
        max_value=MAX_LINK_DAYS,
        initial=7,
        help_text=f"At most {MAX_LINK_DAYS}.",
        error_messages={"required": "Fill in for how many days."},
    )

    def __init__(self, *args: Any, condition: Condition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editions = [
            (edition.number, f"Edition {edition.number}, whatever is changed later")
            for edition in condition.editions.without_content()
        ]
        self.fields["edition"].choices = [("", "The working copy, as it is when somebody looks"), *editions]


class CompareForm(forms.Form):
    """Two states of a page."""

    old = forms.ChoiceField(label="Before")
    new = forms.ChoiceField(label="After")
    form = forms.ChoiceField(
        label="Show the words", choices=[("inline", "one text"), ("side", "side by side")], required=False
    )

    def __init__(self, *args: Any, condition: Condition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        editions = [
            (str(edition.number), name_of(edition, condition)) for edition in condition.editions.without_content()
        ]
        for name in ("old", "new"):
            self.fields[name].choices = [(WORKING_COPY, "The working copy"), *editions]


def name_of(edition: Edition, condition: Condition) -> str:
    """An edition in a list of choices."""
    state = "what the public reads" if edition.pk == condition.live_edition_id else edition.get_status_display()
    return f"Edition {edition.number}: {state}"
