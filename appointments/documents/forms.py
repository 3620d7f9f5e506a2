"""Forms about documents: sending, describing and requesting them."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile

from appointments.documents import documents
from appointments.forms.base import PatientForm
from appointments.forms.fields import LineField
from appointments.models import Appointment, Document, DocumentRequest

NO_CONSENT = "Tick the box if you agree. Without it, we cannot keep your files."


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or more files. Their content is checked when they are added."""

    widget = FilesInput

    def clean(self, value: list[TemporaryUploadedFile], initial: object = None) -> list[TemporaryUploadedFile]:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"])
        return list(value or ())


class MeetsField(forms.ModelChoiceField):
    """The open request that a document answers."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            DocumentRequest.objects.none(),
            required=False,
            empty_label="No, it is something else",
            error_messages={"invalid_choice": "This has arrived meanwhile. Choose again."},
            **kwargs,
        )


def description_field(label: str) -> LineField:
    return LineField(
        label=label, help_text="For example: report of the scan in March.", max_length=200, required=False
    )


class SendForm(PatientForm):
    """Files, their description, and consent with the first ones."""

    button = "Send"

    files = FilesField(label="Choose your files", error_messages={"required": "Choose a file first."})
    meets = MeetsField(label="Is it something that we asked for?")
    description = description_field("What is it? (optional)")
    agree = forms.BooleanField(
        label="I agree that you keep the files that I send", error_messages={"required": NO_CONSENT}
    )

    def __init__(self, *args: Any, appointment: Appointment, was_dropped: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].required = not was_dropped
        self.fields["files"].help_text = (
            "PDF, JPEG, PNG, DICOM, or a zip file of DICOM images. You can choose several. "
            f"Each can be up to {settings.DOCUMENT_MEGABYTES} MB."
        )
        missing = appointment.document_requests.missing()
        if missing.exists():
            self.fields["meets"].queryset = missing
        else:
            del self.fields["meets"]
        if documents.has_agreed(appointment):
            del self.fields["agree"]


class DescribeForm(PatientForm):
    button = "Save"

    description = description_field("What is it? (optional)")
    meets = MeetsField(label="Is it something that we asked for?")

    def __init__(self, *args: Any, document: Document, **kwargs: Any) -> None:
        met = document.meets.first()
        super().__init__(*args, initial={"description": document.description, "meets": met}, **kwargs)
        requests = document.appointment.document_requests
        self.fields["meets"].queryset = requests.missing() | requests.filter(met_by=document)


class AskForm(forms.Form):
    """The record that staff request from a patient."""

    what = LineField(
        label="What do you need?",
        help_text="The patient reads it as you write it: “The CT scan of March, and its report.”",
        max_length=200,
        error_messages={"required": "Write what you need."},
    )


class AddForm(forms.Form):
    """Documents that came by post or by hand, added by staff."""

    files = FilesField(
        label="Files",
        help_text="PDF, JPEG, PNG, DICOM, or a zip file of DICOM images.",
        error_messages={"required": "Choose a file."},
    )
    meets = MeetsField(label="Is it something that was asked for?")
    description = description_field("What is it?")

    def __init__(self, *args: Any, appointment: Appointment, was_dropped: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].required = not was_dropped
        self.fields["meets"].queryset = appointment.document_requests.missing()
