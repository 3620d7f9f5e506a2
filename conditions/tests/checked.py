"""Pages for the tests of the checks, as `composing.compose` makes them."""

from typing import Any

from conditions import lint
from conditions.composing import Content
from conditions.lint import Finding

GOOD_SOURCE = {"title": "Calcium", "publisher": "A journal 2020;1:1", "url": "https://e.example/", "seen": "May 2024"}


def make_content(
    *, body: str = "<p>It is often harmless.</p>", answer: str = "<p>Often.</p>", **parts: Any
) -> Content:
    """A page without findings, but for the given parts: `body` is its first section's, `answer` its question's."""
    content = {
        "slug": "a-page",
        "name": "A page",
        "aliases": [],
        "summary": "Calcium has built up.",
        "key_facts": ["It is rare.", "It is often harmless.", "A doctor can help."],
        "care_signs": ["you have a seizure for the first time"],
        "picture": {"file": "a.svg", "alt": "A brain seen from the side", "decorative": False},
        "sections": [{"kind": "overview", "heading": "What is it?", "html": body}],
        "faqs": [{"question": "Is it dangerous?", "html": answer, "anchor": "faq-is-it-dangerous"}],
        "sources": [GOOD_SOURCE],
    }
    return content | parts


def findings(*, emergency_number: str = "999", **parts: Any) -> list[Finding]:
    return lint.check(make_content(**parts), emergency_number=emergency_number)


def told(**parts: Any) -> list[tuple[str, str, str]]:
    """The findings in a page that differs from the good one: place, level and quoted words."""
    return [(finding.where, finding.level.value, finding.quote) for finding in findings(**parts)]
