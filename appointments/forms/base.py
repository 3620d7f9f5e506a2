"""Forms on a patient's own pages."""

from django import forms

from appointments.forms.fields import EmailField, LineField


class PatientForm(forms.Form):
    """A form with one button, which says `button`."""

    button = "Continue"
    use_required_attribute = False  # the server's words are clearer than the browser's

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea | forms.TextInput | forms.EmailInput):
                field.widget.attrs["class"] = f"form-control {field.widget.attrs.get('class', '')}".strip()
            elif type(field.widget) is forms.Select:
                field.widget.attrs["class"] = "form-select"


class LinkForm(PatientForm):
    """Where to send somebody's links again."""

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


class CancelForm(PatientForm):
    button = "Cancel my appointment"

    why = LineField(
        label="Why are you cancelling? (optional)",
        help_text="It helps us to plan. Don’t write anything about your health.",
        required=False,
        max_length=300,
    )


class WaitingForm(PatientForm):
    button = "Tell me about earlier times"

    same_clinician = forms.BooleanField(label="Only with the same specialist", required=False)
