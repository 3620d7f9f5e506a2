"""What staff are asked when they book, move, cancel or note something for a patient."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from appointments import consent
from appointments.fields import EmailField, LineField, TextField, has_a_number
from appointments.kinds import NEXT, Mode, Status
from appointments.models import Appointment, AppointmentType, Slot
from conditions.models import Condition

OLDEST = date(1890, 1, 1)


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
    """Who the patient is. Its fields are named as the appointment's."""

    name = LineField(label="Name of the patient", max_length=200, error_messages={"required": "Write the name."})
    date_of_birth = DayField(label="Date of birth", required=False)
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

    def clean_date_of_birth(self) -> date | None:
        born = self.cleaned_data["date_of_birth"]
        if born and not OLDEST <= born <= timezone.localdate():
            raise ValidationError("Write a date of birth in the past, with the whole year.")
        return born

    @property
    def details(self) -> dict[str, Any]:
        """What was written, by the names of the appointment's fields."""
        return {name: self.cleaned_data[name] for name in DetailsForm.base_fields}


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
        self.fields["kind"].queryset = AppointmentType.objects.filter(hours__slots=slot)
        self.fields["mode"].choices = [(mode.value, mode.label) for mode in slot.modes]

    def clean(self) -> dict[str, Any]:
        kind, mode = self.cleaned_data.get("kind"), self.cleaned_data.get("mode")
        if kind and mode and mode not in kind.modes:
            self.add_error("mode", f"“{kind}” is not offered like this. It is offered as: {_words(kind.modes)}.")
        return self.cleaned_data

    @property
    def details(self) -> dict[str, Any]:
        return super().details | {"consent_version": consent.VERSION, "consented_at": timezone.now()}


def _words(modes: list[Mode]) -> str:
    return ", ".join(mode.label.lower() for mode in modes)


class FindTimeForm(forms.Form):
    """Which free times are shown when somebody is moved."""

    first = DayField(label="Free times from", required=False)
    anybody = forms.BooleanField(label="Other clinicians’ too", required=False)


class MoveForm(forms.Form):
    """The new time. `seen` is the number of changes that the page before the writer knew of."""

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
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class CancelForm(forms.Form):
    why = text(
        "Why?", "Staff read it. The patient is told that the appointment is cancelled.", most=300, required=False
    )


class MessageForm(forms.Form):
    text = text(
        "Message to the patient",
        "E-mail is not private: write nothing about their health, and no results.",
        most=2000,
    )


class NoteForm(forms.Form):
    text = text("New note", "Only staff read it. It cannot be changed later.", most=2000)


def marks(appointment: Appointment) -> list[Status]:
    """How staff can mark an appointment now, in the order of the day. Nobody was missed before the time has come."""
    if appointment.slot.starts.astimezone(timezone.get_default_timezone()).date() > timezone.localdate():
        nexts = [Status.CONFIRMED]
    elif appointment.slot.starts > timezone.now():
        nexts = [Status.CONFIRMED, Status.ARRIVED]
    else:
        nexts = [Status.CONFIRMED, Status.ARRIVED, Status.COMPLETED, Status.MISSED]
    if appointment.status == Status.ARRIVED:
        nexts = [*nexts, Status.BOOKED]  # which takes the arrival back
    return [status for status in nexts if status in NEXT[appointment.status] and _makes_sense(status, appointment)]


def _makes_sense(status: Status, appointment: Appointment) -> bool:
    return status != Status.CONFIRMED or (bool(appointment.email) and appointment.status == Status.BOOKED)


class MarkForm(forms.Form):
    status = forms.ChoiceField()

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [(status.value, status.label) for status in marks(appointment)]
