from django import forms


class PublishForm(forms.Form):
    """Why a page is published although no clinician has approved it."""

    reason = forms.CharField(
        label="Why without a clinician's review?",
        help_text="Kept with the edition. The public page says that no clinician has reviewed it.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )
