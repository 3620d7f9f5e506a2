"""The questions of the booking, one form a page. Their fields are named as those of the appointment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from appointments.choices import Mode
from appointments.forms.base import PatientForm
from appointments.forms.fields import (
    BirthDateField,
    DateParts,
    EmailField,
    LineField,
    Radios,
    TextField,
    has_a_number,
)
from appointments.governance import consents
from appointments.models import AppointmentType, Clinician
from conditions.models import Listing

MAX_RADIO_BUTTONS = 12  # more choices are a list that opens
NOT_SURE, NOT_SURE_WORDS = "not-sure", "I am not sure, or it is something else"
TRAP = "website"  # a field out of sight, which programs fill in
TRAPPED = "We could not accept this page. Go back to it, and let nothing fill it in for you."
CALLED = "The specialist calls you on this number. Write it as you like."
ANYONE = "Any of our specialists"


@dataclass(frozen=True)
class Choice:
    """The text of a choice, with a line below it, and the clinician in the photograph beside it."""

    name: str
    hint: str = ""
    clinician: Clinician | None = None

    def __str__(self) -> str:
        return self.name


class QuestionForm(forms.Form):
    """One page of the booking. `heading` is the field whose question is the heading of the page."""

    heading = ""
    use_required_attribute = False  # the server's words are clearer than the browser's
    website = forms.CharField(required=False, label="Leave this empty")  # for programs, which fill in everything

    def __init__(self, data: Any = None, *, earlier: dict[str, dict[str, str]] | None = None, **kwargs: Any) -> None:
        """`earlier` holds the answers to other steps, by their names."""
        super().__init__(data, **kwargs)
        self.earlier = earlier or {}
        self.prepare()
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput | forms.EmailInput | forms.Textarea):
                field.widget.attrs["class"] = "form-control"
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = "Choose one of these."

    def prepare(self) -> None:
        """Set up the fields that depend on the database and on earlier answers."""

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.pop("website", ""):
            raise ValidationError(TRAPPED, code="trapped")
        return self.cleaned_data

    @property
    def is_trapped(self) -> bool:
        """Whether a program has filled in the hidden field. Its input is not stored."""
        return self.has_error(NON_FIELD_ERRORS, "trapped")

    def questions(self) -> list[forms.BoundField]:
        return [field for field in self.visible_fields() if field.name != "website"]

    def typed(self) -> dict[str, str]:
        """The values that were sent, enough to fill in the form again. Validation may change them: ask before."""
        kept = {}
        for field in self:
            if isinstance(field.field, forms.BooleanField):
                kept |= {field.name: "on"} if field.data else {}
            elif field.name != "website":
                names = [field.name + suffix for suffix in getattr(field.field.widget, "widgets_names", [""])]
                kept |= {name: self.data[name] for name in names if name in self.data}
        return kept

    def meant(self) -> dict[str, Any]:
        """The values of a valid form, as JSON."""
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in self.cleaned_data.items()
        }

    @classmethod
    def typed_of(cls, answers: dict[str, Any]) -> dict[str, str]:
        """The reverse of `meant`: values to fill in the form with. Empty fields and unticked boxes are left out."""
        typed = {}
        for name, value in answers.items():
            if isinstance(cls.base_fields[name], BirthDateField):
                born = date.fromisoformat(value)
                typed |= {f"{name}_{part}": str(getattr(born, part)) for part in DateParts.labels}
            elif value:
                typed[name] = "on" if value is True else value
        return typed

    def offer(self, name: str, choices: Iterable[tuple[str, Choice]]) -> None:
        """Give a field its choices, as radio buttons when they are few."""
        field, choices = self.fields[name], list(choices)
        if len(choices) > MAX_RADIO_BUTTONS:
            field.widget = forms.Select({"class": "form-select"})
            choices = [("", Choice("Choose one")), *choices] if field.required else choices
        field.choices = choices


class AboutForm(QuestionForm):
    heading = "condition"
    condition = forms.ChoiceField(
        label="What is the second opinion about?",
        widget=Radios,
        error_messages={"required": "Choose a condition, or say that you are not sure."},
    )

    def prepare(self) -> None:
        self.listed = {listing.slug: listing for listing in Listing.objects.only("slug", "name")}
        conditions = [(slug, Choice(listing.name)) for slug, listing in self.listed.items()]
        self.offer("condition", [*conditions, (NOT_SURE, Choice(NOT_SURE_WORDS))])

    def clean(self) -> dict[str, Any]:
        """Adds `listing`, the page of the chosen condition; None if the patient is not sure."""
        answers = super().clean()
        return answers | {"listing": self.listed.get(answers.get("condition"))}


class HowForm(QuestionForm):
    type = forms.ChoiceField(
        label="What kind of appointment do you need?",
        widget=Radios,
        error_messages={"required": "Choose a kind of appointment."},
    )
    mode = forms.ChoiceField(
        label="How would you like to meet?",
        widget=Radios,
        error_messages={"required": "Choose how you would like to meet."},
    )
    clinician = forms.ChoiceField(label="Who would you like to see?", widget=Radios, required=False, initial="")

    def prepare(self) -> None:
        self.appointment_types = list(AppointmentType.objects.filter(bookable_by_patients=True))
        offered = {mode for each in self.appointment_types for mode in each.modes}
        if len(self.appointment_types) == 1:
            del self.fields["type"]
        else:
            self.offer("type", [(each.slug, Choice(each.name, each.description)) for each in self.appointment_types])
        self.offer("mode", [(mode.value, Choice(mode.label, HINTS[mode])) for mode in Mode if mode in offered])
        self.clinicians = list(Clinician.objects.accepting())
        self.offer("clinician", [("", Choice(ANYONE, "You get the earliest time.")), *self.named()])

    @property
    def is_closed(self) -> bool:
        """Whether patients can book nothing at all, so that there is nothing to ask."""
        return not self.appointment_types

    def named(self) -> list[tuple[str, Choice]]:
        """The clinicians to choose from. The ones that know the condition come first."""
        slug = self.earlier.get("about", {}).get("condition")
        known = set(Clinician.objects.filter(conditions__listing__slug=slug).values_list("pk", flat=True))
        self.clinicians.sort(key=lambda clinician: clinician.pk not in known)
        return [
            (clinician.slug, Choice(clinician.name, described(clinician, knows=clinician.pk in known), clinician))
            for clinician in self.clinicians
        ]

    def clean(self) -> dict[str, Any]:
        """Adds the rows `appointment_type` and `chosen_clinician`; the latter is None for any clinician."""
        answers = super().clean()
        by_slug = {each.slug: each for each in self.appointment_types}
        first = next(iter(self.appointment_types), None)
        appointment_type = by_slug.get(answers["type"]) if "type" in answers else first
        if appointment_type and "mode" in answers and answers["mode"] not in appointment_type.modes:
            ways = " or ".join(mode.label.lower() for mode in appointment_type.modes)
            self.add_error("mode", f"“{appointment_type.name}” is by {ways} only.")
        clinician = next((one for one in self.clinicians if one.slug == answers.get("clinician")), None)
        return answers | {"appointment_type": appointment_type, "chosen_clinician": clinician}


HINTS = {
    Mode.VIDEO: "You talk and see each other on a telephone, tablet or computer.",
    Mode.TELEPHONE: "The specialist calls you.",
    Mode.IN_PERSON: "You come to us.",
}


def described(clinician: Clinician, *, knows: bool) -> str:
    facts = [clinician.credentials, f"Speaks {clinician.languages}" if clinician.languages else ""]
    facts.append("Knows the condition that you chose" if knows else "")
    return ". ".join(filter(None, facts))


class WhoForm(QuestionForm):
    heading = "booked_by"
    of_carer = ("carer_name", "carer_relation")  # out of sight until the booking is for another person
    booked_by = forms.ChoiceField(
        label="Who is the appointment for?",
        choices=[("patient", Choice("Me")), ("carer", Choice("Somebody else", "Your child, or a person you help."))],
        widget=Radios,
        error_messages={"required": "Say whether the appointment is for you or for somebody else."},
    )
    carer_name = LineField(
        label="Your own name",
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "name", "spellcheck": "false"}),
        help_text="Only if the appointment is for somebody else.",
    )
    carer_relation = LineField(
        label="Who you are to them",
        max_length=100,
        required=False,
        help_text="For example: mother, son, neighbour.",
    )

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        if answers.get("booked_by") != "carer":
            return answers | {"carer_name": "", "carer_relation": ""}
        for name, words in (("carer_name", "Write your own name."), ("carer_relation", "Say who you are to them.")):
            if name in answers and not answers[name]:
                self.add_error(name, words)
        return answers


class YouForm(QuestionForm):
    name = LineField(
        label="Full name",
        max_length=200,
        error_messages={"required": "Write a name."},
    )
    date_of_birth = BirthDateField(
        label="Date of birth",
        help_text="For example, 31 3 1980.",
        error_messages={"required": "Write the date of birth."},
    )
    email = EmailField(
        label="Your e-mail address",
        max_length=254,
        help_text="We send the details of the appointment there, and nothing about health.",
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": "Write your e-mail address.",
            "invalid": "Write an e-mail address, like name@example.org.",
        },
    )
    telephone = LineField(
        label="Your telephone number",
        max_length=60,
        help_text="We call you if the e-mail does not reach you. Write it as you like.",
        validators=[has_a_number],
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Write your telephone number."},
    )

    def prepare(self) -> None:
        """Browsers fill in the details of their user, which may not be the patient."""
        is_patient = self.earlier.get("who", {}).get("booked_by") != "carer"
        self.fields["date_of_birth"].widget = DateParts(autocomplete=is_patient)
        self.fields["name"].widget.attrs.update(
            {"spellcheck": "false", "autocomplete": "name" if is_patient else "off"}
        )
        if self.earlier.get("how", {}).get("mode") == Mode.TELEPHONE:
            self.fields["telephone"].help_text = CALLED
        if not is_patient:
            self.fields["name"].label = "The patient’s full name"
            self.fields["date_of_birth"].label = "The patient’s date of birth"


class NeedsForm(QuestionForm):
    language = LineField(
        label="Which language is best?",
        max_length=60,
        required=False,
        help_text="Leave it empty for English.",
    )
    needs_interpreter = forms.BooleanField(label="An interpreter is needed", required=False)
    needs = TextField(
        label="What would make the appointment easier?",
        max_length=1000,
        required=False,
        help_text="Say what is needed, not why. For example: no steps, a hearing loop, large print, more time.",
        widget=forms.Textarea({"rows": 4}),
    )


class WhyForm(QuestionForm):
    reason = TextField(
        label="What would you like to know?",
        max_length=3000,
        help_text="In your own words. A few lines are enough.",
        error_messages={"required": "Write what you would like to know. One sentence is enough."},
        widget=forms.Textarea({"rows": 6}),
    )
    findings = TextField(
        label="What was found so far?",
        max_length=3000,
        required=False,
        help_text="What scans, tests or doctors have said, if anything. You can send scans and letters later.",
        widget=forms.Textarea({"rows": 6}),
    )


class ConsentForm(QuestionForm):
    consent_version = forms.CharField(
        widget=forms.HiddenInput, initial=consents.VERSION, max_length=20, required=False
    )
    agree = forms.BooleanField(
        label="I have read this, and I agree",
        error_messages={"required": "Tick the box if you agree. We cannot book without it."},
    )

    @classmethod
    def typed_of(cls, answers: dict[str, Any]) -> dict[str, str]:
        return super().typed_of(answers) | {"agree": "on"}

    def clean(self) -> dict[str, Any]:
        answers = super().clean()
        answers.pop("agree", None)
        if answers.get("consent_version") != consents.VERSION:
            self.data = {"consent_version": consents.VERSION}
            self.add_error("agree", "The words have changed since you read them. Read them again, and tick the box.")
        return answers


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
