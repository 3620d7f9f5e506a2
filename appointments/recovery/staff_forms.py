"""Forms of staff about recovery: the plan and its rows, an alarm, and the booking of a follow-up."""

from datetime import date
from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.http import QueryDict

from appointments.booking.staff_forms import DayField
from appointments.choices import Mode, Treatment
from appointments.forms.fields import LineField, TextField
from appointments.governance import consents
from appointments.governance.screens import FIRST_DAY, LAST_DAY
from appointments.models import (
    AppointmentType,
    FollowUp,
    PlanGuidance,
    PlanMedicine,
    RecoveryGuidance,
    RecoveryPlan,
    Slot,
)
from appointments.models.checklists import GuidanceQuerySet
from appointments.recovery.plans import PLAN_FIELDS, ROW_FIELDS
from calcsite.models import ClinicDetails
from calcsite.stale import SeenMixin

# The initial text of a new plan, unreviewed. The clinician changes it for the patient.
STARTER_SIGNS = """your pain gets worse, although you take what you were given for it
a wound gets redder, hotter or more swollen, or fluid comes out of it
you have a temperature of 38°C or more, or you shiver
you feel weak or numb where you did not before
a medicine makes you feel ill, or you cannot keep it down"""

MAX_ROWS = 60


def validate_year(day: date) -> None:
    """Raises ValidationError for a mistyped year, with which the days of the plan could not be counted."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError("Look at the year again.")


def textarea(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "cols": 60})


class TreatmentForm(forms.Form):
    """The first question of a new plan. The offered guidance depends on it."""

    treatment = forms.ChoiceField(label="What do they recover from?", choices=Treatment, widget=forms.RadioSelect)


class PlanForm(SeenMixin, forms.ModelForm):
    first_day = DayField(label="Day of the treatment", help_text="Day 0 of the plan.", validators=[validate_year])
    last_day = DayField(
        label="Last day", required=False, help_text="Empty: until you end the plan.", validators=[validate_year]
    )
    what = LineField(label="What was done", max_length=300, required=False)
    note = TextField(
        label="Your own advice to this patient", max_length=3000, required=False, widget=textarea(5), empty_value=""
    )
    telephone = LineField(label="Whom to telephone", max_length=200, help_text="Name or role, and number.")
    seek_help = TextField(
        label="When to telephone",
        max_length=2000,
        widget=textarea(6),
        help_text="One line for each sign. These go on after “Telephone us if”, and patients tick them in a check-in: "
        "each raises an alarm. Starter words are nobody’s advice yet: change them for this patient.",
    )

    class Meta:
        model = RecoveryPlan
        fields = [name for name in PLAN_FIELDS if name != "treatment"]

    field_order = ["what", "first_day", "last_day", "note", "telephone", "seek_help"]

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day is before the day of the treatment.")
        return super().clean()


def initial_plan() -> dict[str, str]:
    """The initial values of a new plan."""
    clinic = ClinicDetails.current()
    return {"telephone": f"{clinic.name}, {clinic.telephone}", "seek_help": STARTER_SIGNS}


class NewPlanForm(PlanForm):
    """A new plan, with the clinic's guidance for the patient, all of it ticked."""

    guidance = forms.ModelMultipleChoiceField(
        RecoveryGuidance.objects.none(),
        label="Guidance for this patient",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, guidance: GuidanceQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, state=None, **kwargs)
        self.fields["guidance"].queryset = guidance

    def ticks(self) -> list[tuple[Any, bool]]:
        """The guidance, each with whether it is ticked."""
        chosen = self.data.getlist("guidance") if self.is_bound else None
        return [(each, chosen is None or str(each.pk) in chosen) for each in self.fields["guidance"].queryset]


class GuidanceRow(forms.ModelForm):
    """Guidance of a plan. A saved row is no newer than `began_with`, the version of the words that the page shows."""

    began_with = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    class Meta:
        model = PlanGuidance
        fields = ROW_FIELDS[PlanGuidance]
        widgets = {"text": textarea(4), "normal": textarea(2), "do": textarea(3), "dont": textarea(3)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["began_with"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first is not None and last is not None and last < first:
            self.add_error("last_day", "The last day is before the first.")
        if self.instance.version is None:
            self.instance.version = 0  # not copied: the clinician's own words
        began_with = self.cleaned_data.get("began_with")
        if began_with is not None:
            self.instance.version = min(self.instance.version, began_with)
        return super().clean()


class FollowUpRow(forms.ModelForm):
    day = DayField(label="Around which day", validators=[validate_year])
    what = LineField(label="What for", max_length=200, help_text="Who books it reads this: no findings.")

    class Meta:
        model = FollowUp
        fields = ROW_FIELDS[FollowUp]


class MedicineRow(forms.ModelForm):
    class Meta:
        model = PlanMedicine
        fields = ROW_FIELDS[PlanMedicine]


def rows_of(model: type, form: type[forms.ModelForm], extra: int) -> type[BaseInlineFormSet]:
    return forms.inlineformset_factory(
        RecoveryPlan, model, form=form, extra=extra, max_num=MAX_ROWS, absolute_max=MAX_ROWS
    )


MedicineRows = rows_of(PlanMedicine, MedicineRow, 3)
FollowUpRows = rows_of(FollowUp, FollowUpRow, 2)
GuidanceRows = rows_of(PlanGuidance, GuidanceRow, 1)


def carried_over(data: QueryDict, plan: RecoveryPlan) -> tuple[QueryDict, list[str]]:
    """The posted data of a plan without the rows that were removed meanwhile, and the words of those rows."""
    kept, gone = data.copy(), []
    for rows in (MedicineRows, FollowUpRows, GuidanceRows):
        prefix, names = rows.get_default_prefix(), ROW_FIELDS[rows.model]
        there = {str(key) for key in rows.model.objects.filter(plan=plan).values_list("pk", flat=True)}
        sent = [number for number in range(MAX_ROWS) if f"{prefix}-{number}-{names[0]}" in data]
        old = [number for number in sent if data.get(f"{prefix}-{number}-id")]
        stay = [number for number in old if data[f"{prefix}-{number}-id"] in there]
        said = [[data.get(f"{prefix}-{number}-{name}", "") for name in names] for number in old if number not in stay]
        gone += [", ".join(filter(None, words)) for words in said]
        new = [number for number in sent if number not in old]
        for name in [name for name in data if name.startswith(f"{prefix}-")]:
            del kept[name]
        for place, number in enumerate(stay + new):
            for name in (*names, "id", "DELETE", "began_with"):
                if f"{prefix}-{number}-{name}" in data:
                    kept[f"{prefix}-{place}-{name}"] = data[f"{prefix}-{number}-{name}"]
        kept[f"{prefix}-INITIAL_FORMS"], kept[f"{prefix}-TOTAL_FORMS"] = str(len(stay)), str(len(stay + new))
    return kept, gone


class AcknowledgeForm(forms.Form):
    note = TextField(
        label="What have you done?",
        help_text="For example: telephoned, comes in today at 3. It is kept with your name.",
        max_length=300,
        widget=textarea(3),
        error_messages={"required": "Write what you have done."},
    )


class FindForm(forms.Form):
    """The filters of the free times for a follow-up."""

    first = DayField(label="Free times from", required=False, validators=[validate_year])
    kind = forms.ModelChoiceField(AppointmentType.objects.all(), label="Kind", empty_label=None)
    mode = forms.ChoiceField(label="How they meet", choices=Mode)
    anybody = forms.BooleanField(label="Other clinicians’ too", required=False)

    def clean(self) -> dict[str, Any]:
        appointment_type, mode = self.cleaned_data.get("kind"), self.cleaned_data.get("mode")
        if appointment_type and mode and mode not in appointment_type.modes:
            self.add_error("mode", "That kind of appointment is not offered like this.")
        return self.cleaned_data


class BookFollowUpForm(forms.Form):
    slot = forms.ModelChoiceField(
        Slot.objects.none(),
        error_messages={"required": "Choose a time.", "invalid_choice": "That time is not free any more."},
    )
    agreed = forms.BooleanField(
        label="I have read the consent to the patient, and they agree",
        error_messages={"required": "Without their consent nothing can be booked."},
    )

    @staticmethod
    def consent(at: Any) -> dict[str, Any]:
        return {"consent_version": consents.VERSION, "consented_at": at}
