"""Automatic checks of a page's words, shown to the editor and the reviewer beside the text.

A check never changes a text, and a finding blocks no step.
"""

from collections.abc import Iterator

from conditions.composing import Content
from conditions.lint import emergency, page, prose
from conditions.lint.findings import CheckedPart, Finding, Level, by_place, parts_of
from conditions.lint.page import InternalLink, internal_links

__all__ = ["Finding", "InternalLink", "Level", "by_place", "check", "internal_links", "parts_of"]


def check(content: Content, *, emergency_number: str) -> list[Finding]:
    """The findings in `content`, each once, in the order of the page, and in each part the gravest first.

    `emergency_number` is the clinic's, as its care cards show it. The same content always has the same findings.
    """
    parts = parts_of(content)
    order = {part.where: position for position, part in enumerate(parts)}
    found = _findings(content, parts, emergency_number)
    return sorted(dict.fromkeys(found), key=lambda finding: (order[finding.where], finding.level != Level.MUST))


def _findings(content: Content, parts: list[CheckedPart], emergency_number: str) -> Iterator[Finding]:
    for part in parts:
        for rule in prose.RULES:
            yield from rule(part)
        yield from emergency.other_numbers(part, emergency_number)
    places = {part.where: part for part in parts}
    yield from emergency.care_card(content, parts, emergency_number)
    for rule in page.RULES:
        yield from rule(content, places)
