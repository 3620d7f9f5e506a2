"""Forms of the public pages."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django import forms


class CommentForm(forms.Form):
    """A comment on a page, after the answer to whether it helped."""

    HAS_COMMENT = "We have your first comment on this answer, and can keep only one. This one was not saved."

    comment = forms.CharField(
        label="What could be better?",
        help_text="Don’t write your name or anything about your health. We cannot answer.",
        max_length=1000,
        required=False,
        error_messages={"max_length": "Your comment has %(show_value)d characters. Shorten it to %(limit_value)d."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.disable_csrf = True
        self.helper.attrs = {"novalidate": ""}  # the server's words are clearer than the browser's
        self.helper.layout = Layout("comment", Submit("send", "Send my comment"))
