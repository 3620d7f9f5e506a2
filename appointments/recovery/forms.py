"""The form of a check-in."""

from typing import Any

from django import forms

from appointments.choices import Feeling
from appointments.forms.fields import Radios, TextField
from appointments.models import CheckIn

NOTE_LENGTH = CheckIn._meta.get_field("note").max_length
PAIN = [("0", "0: none"), *((str(number), str(number)) for number in range(1, 10)), ("10", "10: the worst there is")]
OUTDATED_SIGN = "a sign that was on an earlier version of the plan"


class SignsField(forms.MultipleChoiceField):
    """Signs of danger to tick. A ticked sign counts even if the plan names it differently by now."""

    widget = forms.CheckboxSelectMultiple

    def validate(self, value: list[str]) -> None:
        return

    def clean(self, value: Any) -> list[str]:
        known = dict(self.choices)
        return list(dict.fromkeys(sign if sign in known else OUTDATED_SIGN for sign in super().clean(value)))


class CheckInForm(forms.Form):
    """A check-in. After “worse” or a ticked sign no other field is required: an alarm is always accepted."""

    use_required_attribute = False

    emergency = SignsField(label="Is any of this happening now?", required=False)
    signs = SignsField(label="Do you have any of these?", required=False)
    feeling = forms.ChoiceField(
        label="How are you, compared with the last days?", choices=Feeling, widget=Radios, required=False
    )
    pain = forms.TypedChoiceField(
        label="How bad is your pain today, from 0 to 10?",
        choices=PAIN,
        coerce=int,
        empty_value=None,
        widget=Radios,
        required=False,
    )
    note = TextField(
        label="Anything else? (optional)",
        help_text="Your clinician reads it the next time that they look at your plan. It is not for what cannot wait.",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "form-control"}),
    )

    def __init__(self, *args: Any, emergencies: list[str], signs: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["emergency"].choices = [(sign, sign) for sign in emergencies]
        self.fields["signs"].choices = [(sign, sign) for sign in signs]
        if not signs:
            del self.fields["signs"]

    @property
    def raises_alarm(self) -> bool:
        return bool(self.flags) or self.cleaned_data.get("feeling") == Feeling.WORSE

    @property
    def flags(self) -> list[str]:
        """The ticked signs, the emergencies first."""
        return [*self.cleaned_data.get("emergency", []), *self.cleaned_data.get("signs", [])]

    def clean(self) -> dict[str, Any]:
        if self.raises_alarm:
            self._errors.clear()
            return self._with_defaults()
        for name, words in {"feeling": "Choose how you are.", "pain": "Choose a number for your pain."}.items():
            if self.cleaned_data.get(name) in ("", None):
                self._errors.pop(name, None)
                self.add_error(name, words)
        length = len(self.cleaned_data.get("note", ""))
        if length > NOTE_LENGTH:
            self.add_error("note", f"This has {length} characters. Shorten it to {NOTE_LENGTH}.")
        return self.cleaned_data

    def _with_defaults(self) -> dict[str, Any]:
        """Empty values for missing or invalid fields, which must not delay the alarm."""
        note = self.cleaned_data.get("note", "")[:NOTE_LENGTH]
        return {"emergency": [], "signs": [], "feeling": "", "pain": None} | self.cleaned_data | {"note": note}

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of `checkins.check_in`."""
        return {name: self.cleaned_data[name] for name in ["feeling", "pain", "note"]} | {"red_flags": self.flags}
