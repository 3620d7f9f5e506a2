"""Forms on a patient's own pages."""

from django import forms


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
