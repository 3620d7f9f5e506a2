"""Text of several lines, as browsers send it and as it is stored."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models


class LinesField(forms.CharField):
    """Text whose lines end as they are stored: browsers send two characters for each end (HTML standard, 4.10.22.4).

    Without this every text of several lines would seem changed whenever its form is saved.
    """

    def to_python(self, value: Any) -> Any:
        return super().to_python(value).replace("\r\n", "\n")


LINES = {models.TextField: {"form_class": LinesField, "widget": admin.widgets.AdminTextareaWidget}}
