"""Checks of the fixed parts of a page, and of the page as a whole."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from conditions.composing import Content
from conditions.lint import reading
from conditions.lint.findings import CheckedPart, Finding, parts_of
from conditions.parts import PARTS

Places = dict[str, CheckedPart]

MAX_SUMMARY_SENTENCES = 3
MIN_FACTS, MAX_FACTS, MAX_FACT_WORDS = 3, 5, 20
# A description is read out in one go and cannot be read again word by word (NHS service manual, "Images").
MIN_ALT_WORDS, MAX_ALT_CHARACTERS = 3, 200
FILE_NAME = re.compile(r"\.(?:svg|png|jpe?g|webp|gif|tiff?|heic)$|^(?:img|dsc|image|scan)[-_ ]?\d+", re.IGNORECASE)
PICTURE_OF = re.compile(r"(?:an? |the )?(?:picture|image|photo|photograph|graphic|screenshot)\b", re.IGNORECASE)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class InternalLink:
    """A link to this site: the part that holds it, its address (from “/” or “#”) and its words."""

    where: str
    path: str
    text: str


def internal_links(content: Content) -> list[InternalLink]:
    """The links of a page to this site. They are not looked up: a check needs no database."""
    return [
        InternalLink(part.where, link.href, link.text)
        for part in parts_of(content)
        for link in part.links
        if link.href.startswith(("/", "#"))
    ]


def summary(content: Content, places: Places) -> Iterator[Finding]:
    count = len(reading.sentences(content["summary"]))
    if count > MAX_SUMMARY_SENTENCES:
        yield places["summary"].look(
            f"The summary has {count} sentences.",
            "Keep the two that a reader needs first: lists and search engines show it too.",
            content["summary"],
        )


def key_facts(content: Content, places: Places) -> Iterator[Finding]:
    part, facts = places["in-short"], content["key_facts"]
    if not MIN_FACTS <= len(facts) <= MAX_FACTS:
        yield part.look(
            f"The page has {len(facts) or 'no'} key fact{'' if len(facts) == 1 else 's'}.",
            f"Give {MIN_FACTS} to {MAX_FACTS}: what a worried reader needs first.",
        )
    for fact in facts:
        # A longer sentence is found as such.
        if len(fact.split()) > MAX_FACT_WORDS >= max(len(sentence.split()) for sentence in reading.sentences(fact)):
            yield part.look(
                f"This key fact has {len(fact.split())} words.", f"Say it in up to {MAX_FACT_WORDS}.", fact
            )


def picture(content: Content, places: Places) -> Iterator[Finding]:
    """The picture's description (WCAG 2.2, 1.1.1; W3C WAI, "Alt decision tree"). A decoration has none."""
    if not content["picture"] or content["picture"]["decorative"]:
        return
    part, alt = places["picture"], content["picture"]["alt"]
    names = {name.casefold() for name in [content["name"], *content["aliases"]]}
    advice = "Say what matters in the picture, for somebody who cannot see it."
    if not alt:
        yield part.must("The picture has no description.", f"{advice} Or tick that it is decoration.")
    elif FILE_NAME.search(alt):
        yield part.must("The description is the name of a file.", advice, alt)
    elif PICTURE_OF.match(alt):
        yield part.look("The description says that it is a picture, which everybody is told.", advice, alt)
    elif alt.casefold().rstrip(".") in names:
        yield part.look("The description only repeats the name of the page.", advice, alt)
    elif len(alt.split()) < MIN_ALT_WORDS:
        yield part.look("The description is too short to show anything.", advice, alt)
    elif len(alt) > MAX_ALT_CHARACTERS:
        yield part.look(
            f"The description has {len(alt)} characters, and is read out in one go.",
            f"Keep it to {MAX_ALT_CHARACTERS}, and put the rest into the text, where everybody has it.",
            alt,
        )


def section_headings(content: Content, places: Places) -> Iterator[Finding]:
    seen: set[str] = set()
    for section in content["sections"]:
        part, heading = places[section["kind"]], section["heading"].casefold()
        if not heading:
            yield part.must("This section has no heading.", "Write one, as a reader would ask it.")
        elif heading in seen:
            yield part.look(
                "Another section has the same heading.",
                "Change one of them, so that the list of contents tells them apart.",
                section["heading"],
            )
        seen.add(heading)


def questions(content: Content, places: Places) -> Iterator[Finding]:
    for faq in content["faqs"]:
        if not faq["question"].endswith("?"):
            yield places[faq["anchor"]].look(
                "This question does not end with a question mark.",
                "Write it as a patient would ask it.",
                faq["question"],
            )


def sources(content: Content, places: Places) -> Iterator[Finding]:
    """A page names its sources, each with a link and a date (PIF TICK)."""
    part = places["sources"]
    if not content["sources"]:
        yield part.must(
            "The page names no source.", "Name at least one: without it no clinician can approve the page."
        )
    for source in content["sources"]:
        if not source["url"]:
            yield part.look("This source has no link.", "Add one, if it can be read online.", source["title"])
        if not source["seen"] and not YEAR.search(f"{source['title']} {source['publisher']}"):
            yield part.look("This source has no date.", "Say of what date it was when you looked.", source["title"])


def same_words(content: Content, places: Places) -> Iterator[Finding]:
    """Links with the same words lead to the same place (WCAG 2.2, 2.4.9)."""
    seen: dict[str, str] = {}
    for part in places.values():
        for link in part.links:
            words = link.text.casefold()
            if words and link.href and seen.setdefault(words, link.href) != link.href:
                yield part.look(
                    "Another link with the same words leads somewhere else.",
                    "Let each link say where it leads.",
                    link.text,
                )


def own_anchors(content: Content, places: Places) -> Iterator[Finding]:
    """Links within the page lead to an existing id (templates/conditions)."""
    anchors = {"main", "review", "top", *(part.place for part in PARTS if part.has_anchor and content[part.key])}
    anchors.update(part["kind"] for part in content["sections"])
    anchors.update(faq["anchor"] for faq in content["faqs"])
    for part in places.values():
        for link in part.links:
            if link.href.startswith("#") and unquote(link.href[1:]) not in anchors:
                yield part.must(
                    "This link leads to a place that the page does not have.",
                    "Choose a section that is there, or remove the link.",
                    f"{link.text} ({link.href})",
                )


RULES = [summary, key_facts, picture, section_headings, questions, sources, same_words, own_anchors]
