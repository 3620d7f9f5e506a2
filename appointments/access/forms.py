"""Forms of the ways in: a link, a code, and a link for a carer."""

from django import forms

from appointments.forms.base import PatientForm
from appointments.forms.fields import EmailField, LineField


class CarerForm(PatientForm):
    button = "Make a link"

    name = LineField(
        label="Who is the link for?",
        help_text="A name that you know them by. Only you, and our staff, can see it.",
        max_length=200,
        error_messages={"required": "Write the name of the person."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class LinkForm(PatientForm):
    """The address to send links to again."""

    button = "Send me my link"

    email = EmailField(
        label="Your e-mail address",
        help_text="The one that you gave us when you booked.",
        max_length=254,
        error_messages={
            "required": "Write your e-mail address.",
            "invalid": "Write an e-mail address like name@example.com.",
            "max_length": "Write an e-mail address like name@example.com.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )


class CodeForm(PatientForm):
    """A code that came by e-mail. People type it with spaces, and as they read it."""

    button = "Continue"
    WRONG = "Write the six figures of the code."

    code = forms.CharField(
        label="The code in our e-mail",
        help_text="Six figures, for example 012345.",
        max_length=20,
        error_messages={"required": WRONG, "max_length": WRONG, "null_characters_not_allowed": WRONG},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        code = "".join(self.cleaned_data["code"].replace("-", " ").split())
        if not (len(code) == 6 and code.isascii() and code.isdecimal()):
            raise forms.ValidationError(self.WRONG)
        return code
