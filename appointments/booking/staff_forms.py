"""The forms with which staff book, move, cancel and write notes for a patient."""

from typing import Any

from django import forms
from django.utils import timezone

from appointments.booking import records
from appointments.forms.fields import EmailField, LineField, TextField, has_a_number, validate_birth_date
from appointments.governance import consents
from appointments.messages.queue import TEXT_CHARACTERS
from appointments.models import Appointment, AppointmentType, Slot
from calcsite.stale import SeenMixin
from conditions.models import Condition


def text(
    label: str, help_text: str = "", *, most: int, required: bool = True, errors: dict[str, str] | None = None
) -> TextField:
    area = forms.Textarea(attrs={"rows": 4, "cols": 60})
    return TextField(
        label=label, help_text=help_text, required=required, max_length=most, widget=area, error_messages=errors
    )


class DayField(forms.DateField):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class DetailsForm(forms.Form):
    """The patient's details. The fields are named as those of the appointment."""

    name = LineField(label="Name of the patient", max_length=200, error_messages={"required": "Write the name."})
    date_of_birth = DayField(label="Date of birth", required=False, validators=[validate_birth_date])
    email = EmailField(
        label="E-mail address",
        help_text="The confirmation, the link and the reminders go there. Without one, tell them everything now.",
        max_length=254,
        required=False,
    )
    telephone = LineField(
        label="Telephone",
        help_text="In any form, as they say it.",
        max_length=60,
        validators=[has_a_number],
        error_messages={"required": "Write the telephone number."},
    )
    carer_name = LineField(label="Who books for them, if not they themselves", max_length=200, required=False)
    carer_relation = LineField(label="How they belong to the patient", max_length=100, required=False)
    language = LineField(label="Language", max_length=60, required=False)
    needs_interpreter = forms.BooleanField(label="Needs an interpreter", required=False)
    needs = text("What would make the appointment easier", "Needs, not diagnoses.", most=1000, required=False)
    condition = forms.ModelChoiceField(
        Condition.objects.none(), label="What it is about", required=False, empty_label="Not sure, or something else"
    )
    reason = text("Why they ask", most=3000, required=False)
    findings = text("What was found so far", most=3000, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["condition"].queryset = Condition.objects.filter(live_edition__isnull=False)

    @property
    def details(self) -> dict[str, Any]:
        """The cleaned values, by the names of the appointment's fields."""
        return {name: self.cleaned_data[name] for name in DetailsForm.base_fields}


class CorrectForm(DetailsForm):
    """Corrects the patient's details. The initial values are sent along, and fields that were not edited stay.

    So concurrent corrections of different fields are both made, and a condition that is no longer public is kept.
    """

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, initial={name: getattr(appointment, name) for name in self.base_fields}, **kwargs)
        public = self.fields["condition"].queryset
        self.fields["condition"].queryset = public | Condition.objects.filter(pk=appointment.condition_id)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @property
    def details(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


class BookForm(DetailsForm):
    """An appointment on one slot, on a patient's behalf."""

    kind = forms.ModelChoiceField(AppointmentType.objects.none(), label="Kind of appointment", empty_label=None)
    mode = forms.ChoiceField(label="How they meet", widget=forms.RadioSelect)
    agreed = forms.BooleanField(
        label="I have read the consent to the patient, and they agree",
        error_messages={"required": "Without their consent nothing can be booked."},
    )
    field_order = ["kind", "mode"]

    def __init__(self, *args: Any, slot: Slot, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = AppointmentType.objects.filter(hours__slots=slot, minutes__lte=slot.minutes)
        self.fields["mode"].choices = [(mode.value, mode.label) for mode in slot.modes]

    def clean(self) -> dict[str, Any]:
        appointment_type, mode = self.cleaned_data.get("kind"), self.cleaned_data.get("mode")
        if appointment_type and mode and mode not in appointment_type.modes:
            ways = ", ".join(way.label.lower() for way in appointment_type.modes)
            self.add_error("mode", f"“{appointment_type}” is not offered like this. It is offered as: {ways}.")
        return self.cleaned_data

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"consent_version": consents.VERSION, "consented_at": timezone.now()}


class FindTimeForm(forms.Form):
    """The choice of free times to move an appointment to."""

    first = DayField(label="Free times from", required=False)
    anybody = forms.BooleanField(label="Other clinicians’ too", required=False)


class MoveForm(SeenMixin, forms.Form):
    """The new time of an appointment."""

    slot = forms.ModelChoiceField(
        Slot.objects.none(),
        label="New time",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": "Choose a time.",
            "invalid_choice": "That time is not free any more. Choose another one.",
        },
    )


class CancelForm(SeenMixin, forms.Form):
    """The reason of a cancellation."""

    why = text(
        "Why?", "Staff read it. The patient is told that the appointment is cancelled.", most=300, required=False
    )


class MessageForm(forms.Form):
    text = text(
        "Message to the patient",
        "E-mail is not private: write nothing about their health, and no results.",
        most=TEXT_CHARACTERS,
    )


class NoteForm(forms.Form):
    text = text("New note", "Only staff read it. It cannot be changed later.", most=2000)


class MarkForm(forms.Form):
    status = forms.ChoiceField()

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [
            (status.value, status.label) for status in records.possible_marks(appointment)
        ]


def long_text(label: str, help_text: str = "", *, most: int = 5000, rows: int = 8) -> forms.Field:
    field = text(label, help_text, most=most, required=False)
    field.widget.attrs["rows"] = rows
    return field
