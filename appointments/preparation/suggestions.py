"""Suggested rows: the questions that staff offer, and the treatments on the page of a condition."""

from typing import NamedTuple

from appointments.models import Appointment, QuestionPrompt, TreatmentOption
from appointments.preparation.rows import Values
from conditions.choices import SectionKind, TagKind
from conditions.models import Condition, ListingTag
from conditions.richtext.blocks import HEADINGS, blocks_of

TREATMENT_SECTIONS = {SectionKind.PROCEDURE, SectionKind.TREATMENT}
NAME_LENGTH = TreatmentOption._meta.get_field("name").max_length


class Suggestion(NamedTuple):
    """A suggestion: its key in the form, its words, and the values of the row that it becomes."""

    key: str
    words: str
    values: Values


def questions(appointment: Appointment) -> list[Suggestion]:
    """The questions that staff offer for all conditions and for the appointment's."""
    prompts = QuestionPrompt.objects.for_condition(appointment.condition_id)
    return [Suggestion(str(prompt.pk), prompt.text, {"text": prompt.text, "prompt": prompt}) for prompt in prompts]


def treatments(appointment: Appointment) -> list[Suggestion]:
    """The headings (h3) in the treatment sections of the condition's public page."""
    condition = Condition.objects.filter(pk=appointment.condition_id).select_related("live_edition").first()
    if condition is None or condition.live_edition is None:
        return []
    sections = [each for each in condition.live_edition.content["sections"] if each["kind"] in TREATMENT_SECTIONS]
    headings = [
        block.text[:NAME_LENGTH]
        for section in sections
        for block in blocks_of(section["html"])
        if block.label == HEADINGS["h3"]
    ]
    return [Suggestion(name, name, {"name": name}) for name in dict.fromkeys(headings)]


def specialties(appointment: Appointment) -> list[str]:
    """The kinds of specialist that the condition's public page names."""
    tags = ListingTag.objects.filter(listing=appointment.condition_id, kind=TagKind.SPECIALTY)
    return list(tags.order_by("name").values_list("name", flat=True))
