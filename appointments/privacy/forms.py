"""Forms for patients who use their rights, and for staff who answer them."""

from django import forms

from appointments.forms.base import PatientForm
from appointments.forms.fields import LineField, TextField


class EraseWishForm(PatientForm):
    button = "Send my request"

    sure = forms.BooleanField(
        label="I want everything about me deleted",
        error_messages={"required": "Tick the box if you want everything about you deleted."},
    )


class WithdrawForm(PatientForm):
    button = "Take back my agreement"

    sure = forms.BooleanField(
        label="I no longer agree to this",
        error_messages={"required": "Tick the box if you no longer agree."},
    )


class WithdrawBookingForm(WithdrawForm):
    and_erase = forms.BooleanField(label="Please delete everything about me too", required=False)


class EraseForm(forms.Form):
    sure = forms.BooleanField(
        label="Erase everything about this patient. It cannot be undone",
        error_messages={"required": "Tick the box to say that you mean it."},
    )


class RefuseForm(forms.Form):
    why = TextField(
        label="Why we cannot do it",
        help_text="The patient is sent this by e-mail, so write nothing about their health.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        error_messages={"required": "Write why. The patient is sent it."},
    )


class HoldForm(forms.Form):
    why = LineField(
        label="Why it has to be kept",
        help_text="For example the number of the complaint or claim. Nothing about the patient’s health.",
        max_length=300,
        error_messages={"required": "Write why it has to be kept."},
    )
