"""What a patient may choose instead of writing it: questions, and what the page of their condition names."""

from typing import NamedTuple

from appointments.models import Appointment, QuestionPrompt
from appointments.preparation.tasks import Values
from conditions.choices import SectionKind, TagKind
from conditions.models import Condition, ListingTag
from conditions.richtext.blocks import HEADINGS, blocks_of

TREATING = {SectionKind.PROCEDURE, SectionKind.TREATMENT}
LONGEST = 200  # characters of an option's name


class Suggestion(NamedTuple):
    """Something to choose: its key in a form, its words, and what it is on the list."""

    key: str
    words: str
    values: Values


def questions(appointment: Appointment) -> list[Suggestion]:
    """The questions that staff offer for a condition, and for all."""
    prompts = QuestionPrompt.objects.for_condition(appointment.condition_id)
    return [Suggestion(str(prompt.pk), prompt.text, {"text": prompt.text, "prompt": prompt}) for prompt in prompts]


def treatments(appointment: Appointment) -> list[Suggestion]:
    """What the condition's page, as the public reads it, has a heading for where it tells of treatment."""
    condition = Condition.objects.filter(pk=appointment.condition_id).select_related("live_edition").first()
    if condition is None or condition.live_edition is None:
        return []
    sections = [each for each in condition.live_edition.content["sections"] if each["kind"] in TREATING]
    headings = [
        block.text[:LONGEST]
        for section in sections
        for block in blocks_of(section["html"])
        if block.label == HEADINGS["h3"]
    ]
    return [Suggestion(name, name, {"name": name}) for name in dict.fromkeys(headings)]


def specialties(appointment: Appointment) -> list[str]:
    """The kinds of specialist that the condition's page names."""
    tags = ListingTag.objects.filter(listing=appointment.condition_id, kind=TagKind.SPECIALTY)
    return list(tags.order_by("name").values_list("name", flat=True))
