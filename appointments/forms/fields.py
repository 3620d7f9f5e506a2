"""Fields of the public forms: words in any script, dates in three parts, choices that an error can lead to."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils import timezone

MAX_AGE_YEARS = 130
LINE_ENDS = re.compile("\r\n?")
UNSEEN = "Take out characters that cannot be seen, such as tabs and line breaks."


def without_control_characters(text: str) -> None:
    """Raises ValidationError for control characters and separators of lines (Unicode Cc, Zl, Zp).

    All other characters are part of names. U+000B acts as a new line in a mail header. Django itself refuses NUL.
    """
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text.replace("\0", "")):
        raise ValidationError(UNSEEN)


# Blank, and yet letters or signs to Unicode: the fillers of Hangul and the empty cell of Braille.
BLANK = set("\u115f\u1160\u2800\u3164\uffa0")


def can_be_seen(text: str) -> bool:
    """Whether there is anything to read: more than spaces, marks on nothing, and characters without a width."""
    kinds = {unicodedata.category(each) for each in text if each not in BLANK}
    return any(kind not in {"Cc", "Cf"} and kind[0] not in "MZ" for kind in kinds)


def has_a_number(text: str) -> None:
    """Raises ValidationError for a telephone number with fewer than five digits. Its format is the patient's own."""
    if sum(character.isdigit() for character in text) < 5:
        raise ValidationError("Write the whole telephone number, like 01632 960 001 or +44 1632 960 001.")


def validate_birth_date(on: date) -> None:
    """Raises ValidationError for a day in the future, or more than `MAX_AGE_YEARS` years ago."""
    today = timezone.localdate()
    if on > today:
        raise ValidationError("The date of birth has to be in the past.")
    if on.year < today.year - MAX_AGE_YEARS:
        raise ValidationError(f"The date of birth has to be in {today.year - MAX_AGE_YEARS} or later. Check the year.")


OUR_WORDS = {
    "max_length": "This has %(show_value)d characters. Shorten it to %(limit_value)d.",
    "null_characters_not_allowed": UNSEEN,
}


class LineField(forms.CharField):
    """One line of words, kept as typed. One in which nothing can be seen is empty."""

    default_error_messages = OUR_WORDS
    default_validators = [without_control_characters]

    def clean(self, value: object) -> str:
        words = super().clean(value)
        return words if can_be_seen(words) else super().clean("")


class TextField(forms.CharField):
    """Lines of words. A new line counts as one character, as the browser counts it, and a tab as a space."""

    default_error_messages = OUR_WORDS
    widget = forms.Textarea

    def to_python(self, value: object) -> str:
        return LINE_ENDS.sub("\n", super().to_python(value)).replace("\t", " ")

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        without_control_characters(value.replace("\n", ""))


class EmailField(forms.EmailField):
    """One address. A comma is refused: between quotes it is legal, but mail programs read two addresses."""

    default_error_messages = OUR_WORDS
    default_validators = [EmailValidator(), without_control_characters]

    def run_validators(self, value: str) -> None:
        super().run_validators(value)
        if "," in value:
            raise ValidationError(self.error_messages["invalid"])


class Radios(forms.RadioSelect):
    """Radio buttons; a link to the field leads to the first of them."""

    def id_for_label(self, id_: str, index: str | None = "0") -> str:
        return super().id_for_label(id_, index)


class DateParts(forms.MultiWidget):
    """Day, month and year, each typed (https://design-system.service.gov.uk/components/date-input/)."""

    labels = {"day": "Day", "month": "Month", "year": "Year"}

    def __init__(self, *, autocomplete: bool) -> None:
        super().__init__(
            {
                part: forms.TextInput(
                    {"inputmode": "numeric", "maxlength": 4 if part == "year" else 2, "label": label}
                    | ({"autocomplete": f"bday-{part}"} if autocomplete else {})
                )
                for part, label in self.labels.items()
            }
        )

    def decompress(self, value: date | None) -> list[int | None]:
        return [value.day, value.month, value.year] if value else [None, None, None]

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0"


class BirthDateField(forms.MultiValueField):
    """The date of birth of a living person, in three parts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__([forms.CharField() for _ in DateParts.labels], require_all_fields=False, **kwargs)

    def clean(self, value: Sequence[str | None]) -> date:
        parts = [(part or "").strip() for part in value]
        missing = [name for name, part in zip(DateParts.labels, parts, strict=True) if not part]
        if len(missing) == len(parts):
            raise ValidationError(self.error_messages["required"])
        if missing:
            raise ValidationError(f"The date of birth needs a {' and a '.join(missing)}.")
        return self.compress(parts)

    def compress(self, parts: Sequence[str]) -> date:
        if not all(part.isdecimal() for part in parts):
            raise ValidationError("Write the date of birth in numbers, such as 31 3 1980.")
        try:
            day, month, year = map(int, parts)
            born = date(year, month, day)
        except (ValueError, OverflowError) as error:
            raise ValidationError("Write a date of birth that exists, such as 31 3 1980.") from error
        validate_birth_date(born)
        return born
